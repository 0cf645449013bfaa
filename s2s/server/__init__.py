"""What one server process holds for all its visitors. No Streamlit."""
