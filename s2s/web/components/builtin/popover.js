// Streamlit's popovers by keyboard. Streamlit puts what a popover shows at the end of the document; here Tab goes
// through it as if it stood behind its button, and after it, or a dialog that it opened, is closed, the focus is at the
// button.

const BUTTON = "[data-testid=stPopoverButton]";
const BODY = "[data-testid=stPopoverBody]";
const OVER = `${BODY}, [data-testid=stDialog]`;
const AWAITED = "[data-testid=stSkeleton]";
const REACHED = "a[href], button, input, select, textarea, [tabindex]";
const HELP = "[data-testid=stTooltipIcon]";
const NUMBER = "[data-testid=stNumberInput]";

// ``button``: of the popover that was opened last, its ``label`` and the control that was focused ``first``.
// ``entering``: it was opened by a key and nothing was pressed since. ``leaving``: where Tab was pressed there before
// the next control was. ``within``: the reader's last act was in a popover or dialog.
const OPENED = (globalThis.lookbackPopovers ??= {
  button: null,
  label: "",
  first: null,
  entering: false,
  leaving: null,
  within: false,
  watching: false,
});

const isSeen = (node) => node.checkVisibility({ visibilityProperty: true });
const isOpen = (button) => button.ariaExpanded === "true";
const labelOf = (button) => button.querySelector("[data-testid=stMarkdownContainer]")?.textContent;
const closestOf = (event, selector) => event.target.closest?.(selector) ?? null;
const focus = (node) => node.focus({ preventScroll: true });

// What Tab reaches in a popover.
const controlsOf = (body) =>
  [...body.querySelectorAll(REACHED)].filter((node) => node.tabIndex >= 0 && !node.disabled && isSeen(node));

// Focus a popover's first control; a text without any takes the focus itself, as keys scroll it. While the focus is
// elsewhere, Streamlit takes the controls out of Tab's way, so the popover comes first.
function focusFirst(body) {
  if (!body.contains(document.activeElement)) {
    body.tabIndex = -1;
    focus(body);
  }
  const controls = controlsOf(body);
  OPENED.first = controls.find((node) => !node.closest(HELP)) ?? controls[0] ?? body;
  focus(OPENED.first);
}

// Controls come one by one, so until the reader acts an earlier one takes the focus over.
function enter() {
  const body = isOpen(OPENED.button) && document.querySelector(BODY);
  if (body && [OPENED.button, OPENED.first].includes(document.activeElement)) focusFirst(body);
}

// Focus the button, which the page may have mounted anew; the stage, where the projector mode hides the button.
function giveBack() {
  const { button, label } = OPENED;
  const again = button.isConnected
    ? button
    : [...document.querySelectorAll(BUTTON)].find((each) => labelOf(each) === label);
  if (!again) return; // it comes soon
  if (isSeen(again)) focus(again);
  else dispatchEvent(new CustomEvent("lookback-stage"));
}

// Where Tab was pressed at the last control while more were to come, go on when the next one is there.
function moveOn() {
  const body = document.querySelector(BODY);
  if (!body || document.activeElement !== OPENED.leaving) return;
  const controls = controlsOf(body);
  const next = controls[controls.indexOf(OPENED.leaving) + 1];
  if (next) focus(next);
}

function follow() {
  if (OPENED.entering) enter();
  if (OPENED.leaving) moveOn();
  const lost = !document.activeElement || document.activeElement === document.body;
  if (OPENED.within && OPENED.button && lost && !document.querySelector(OVER)) giveBack();
}

function onClick(event) {
  const button = closestOf(event, BUTTON);
  if (!button) return;
  const entering = event.detail === 0 && !isOpen(button); // 0: by key
  Object.assign(OPENED, { button, label: labelOf(button), entering });
}

// A number out of range, which Streamlit does not take. It says so when the field loses the focus or on Enter.
const isRefused = (field) => field.validity?.valid === false && field.closest(NUMBER) !== null;

// More controls are to come: none is the last.
function stay(event) {
  event.preventDefault();
  OPENED.leaving = event.target;
}

// The first Tab out of a popover leaves a refused number on screen with the reason; a second one drops it.
function sayWhy(event) {
  event.preventDefault();
  event.target.blur();
  focus(event.target);
  showReason(event.target);
}

// The reason is laid out below the number, where the popover may end.
const showReason = (field) => requestAnimationFrame(() => field.closest(NUMBER)?.scrollIntoView({ block: "nearest" }));

// From its button into a popover, and out of it at its ends: back to its button, or on to what is behind that, where
// the browser goes from the button. ``entering``: a key has just opened one, whose button may not say so yet.
function onTab(event, entering) {
  const expanded = document.querySelector(`${BUTTON}[aria-expanded=true]`);
  const [body, button] = [closestOf(event, BODY), expanded ?? (entering ? OPENED.button : null)];
  if (!button) return;
  const shown = document.querySelector(BODY);
  if (event.target === button && !event.shiftKey) {
    event.preventDefault();
    if (shown) focusFirst(shown);
    OPENED.entering = !shown || OPENED.first === shown; // no control is there yet
  }
  if (!body) return;
  const controls = controlsOf(body);
  const at = controls.indexOf(event.target);
  if (event.shiftKey && at <= 0) {
    event.preventDefault();
    focus(button);
  } else if (!event.shiftKey && at === controls.length - 1) {
    if (isRefused(event.target) && event.target.ariaInvalid !== "true") return sayWhy(event);
    if (body.querySelector(AWAITED)) return stay(event);
    button.click();
    focus(button);
  }
}

// The page's shortcuts are the page's alone: pressed in a dialog they would change the page below and close it.
const SHORTCUTS = ["p", "P", "PageUp", "PageDown"];
function keepFromPage(event) {
  if (SHORTCUTS.includes(event.key) && closestOf(event, "[data-testid=stDialog]")) event.stopPropagation();
}

export function watchPopovers() {
  if (OPENED.watching) return;
  OPENED.watching = true;
  const note = (event) => {
    const { entering } = OPENED;
    Object.assign(OPENED, { entering: false, leaving: null, within: closestOf(event, OVER) !== null });
    if (event.key === "Tab") onTab(event, entering);
  };
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, note, true);
  document.addEventListener("keydown", keepFromPage, true);
  document.addEventListener("click", onClick, true);
  document.addEventListener(
    "keydown",
    (event) => event.key === "Enter" && isRefused(event.target) && showReason(event.target),
  );
  new MutationObserver(follow).observe(document.body, {
    subtree: true,
    childList: true,
    attributeFilter: ["aria-expanded", "inert", "aria-hidden"],
  });
}
