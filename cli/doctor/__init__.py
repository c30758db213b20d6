"""`thingwatch doctor`: looks whether everything that an alert needs is there, and says what mends it."""
