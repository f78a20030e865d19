"""The Arrow tables of a generation: its products, their further pictures, and the picture files of the build."""
