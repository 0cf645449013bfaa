// Tells Python, as soon as the dialog Share is open, at which step and in which lane the player is: the player writes
// both into the address, of which Streamlit knows only what it has written itself.

export default ({ setStateValue }) => {
  const here = new URLSearchParams(location.search);
  setStateValue("place", { step: here.get("step") ?? "", lane: here.get("lane") ?? "" });
};
