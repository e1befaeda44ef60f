"""What the app does before it is asked: reading ahead, and loading beside the screen."""
