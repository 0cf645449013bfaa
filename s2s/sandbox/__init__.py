"""Read foreign files in a child process with limited memory, time and disk, and without network."""
