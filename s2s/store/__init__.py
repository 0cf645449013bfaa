"""What people write, in a database: labels of errors, rooms of a class. The only SQLAlchemy."""
