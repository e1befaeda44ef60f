"""What the main screen says of stores beyond their config: bounded reads of backends that may be contacted."""
