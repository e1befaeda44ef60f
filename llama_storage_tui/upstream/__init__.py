"""What a server of version V does, as tables of facts."""
