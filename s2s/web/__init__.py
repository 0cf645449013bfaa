"""What the pages share: cached calls, the language, the link, the player. Only this part knows streamlit."""
