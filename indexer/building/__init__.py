"""The steps of a build: encoding or reusing pictures, and checks of the result."""
