"""The database of what people write: labels of errors, classroom votes. The only folder that uses SQLAlchemy."""
