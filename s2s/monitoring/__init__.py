"""What an operator sees of a server: log lines, an audit log, metrics. It keeps nothing that a visitor typed."""
