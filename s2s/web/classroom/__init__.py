"""The pages *Ask a class*: a teacher's room, a student's phone, the board."""
