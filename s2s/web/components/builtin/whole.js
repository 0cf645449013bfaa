// Fields for whole numbers take digits alone. Of another text Streamlit would take what parseInt does: 2 of 2.5, 1 of
// 1e5. Here the text stays in the field with the reason below it, and the number from before counts.

const NUMBER_FIELD = "[data-testid=stNumberInputField]";
const NUMBER_BOX = "[data-testid=stNumberInputContainer]";
const NOTICE = "lookback-whole"; // class of the reasons

const TYPED = (globalThis.lookbackWhole ??= { sentence: "", watching: false });

// Whether a field's text is read as what it says; without any text Streamlit takes the default.
export const isWhole = (text) => /^(-?\d+)?$/.test(text);

const isMisread = (field) => Number.isInteger(Number(field.step)) && (field.validity.badInput || !isWhole(field.value));
const numberField = (event) => event.target.closest?.(NUMBER_FIELD) ?? null;
const noticeOf = (field) => field.closest(NUMBER_BOX).querySelector(`.${NOTICE}`);

function dropNotice(field) {
  if (!field.isConnected || isMisread(field) || !noticeOf(field)) return;
  noticeOf(field).remove();
  field.removeAttribute("aria-describedby");
  field.removeAttribute("aria-invalid");
}

function tellWhy(field) {
  if (!noticeOf(field)) {
    const notice = document.createElement("span");
    Object.assign(notice, { className: NOTICE, role: "alert", id: `${NOTICE}-${field.id}` });
    notice.textContent = TYPED.sentence;
    field.closest(NUMBER_BOX).append(notice);
    field.setAttribute("aria-describedby", notice.id);
  }
  field.setAttribute("aria-invalid", "true");
  requestAnimationFrame(() => noticeOf(field)?.scrollIntoView({ block: "nearest" }));
}

// Keep Streamlit from reading the text.
function holdBack(event) {
  const field = numberField(event);
  if (!field || !isMisread(field)) return;
  event.stopPropagation();
  tellWhy(field);
}

// A text that is typed makes the field invalid, so that Tab does not leave an open menu without the reason.
function onNumberTyped(event) {
  const field = numberField(event);
  if (!field) return;
  field.setCustomValidity(isMisread(field) ? TYPED.sentence : "");
  dropNotice(field);
}

// The buttons and arrow keys of a field write another number.
function onNumberAct(event) {
  const field = event.target.closest?.(NUMBER_BOX)?.querySelector(NUMBER_FIELD);
  if (field) requestAnimationFrame(() => dropNotice(field));
}

export function watchWholeNumbers(sentence) {
  TYPED.sentence = sentence;
  for (const notice of document.querySelectorAll(`.${NOTICE}`)) notice.textContent = sentence;
  if (TYPED.watching) return;
  TYPED.watching = true;
  document.addEventListener("input", onNumberTyped, true);
  document.addEventListener("focusout", holdBack, true);
  document.addEventListener("keydown", (event) => event.key === "Enter" && holdBack(event), true);
  for (const act of ["click", "keydown"]) document.addEventListener(act, onNumberAct);
}
