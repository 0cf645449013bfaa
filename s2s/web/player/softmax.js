// The distribution of one step, and its numbers.

const SHOWN = 8;

// Rows of the panel: the most probable words, the chosen and the reference wherever they rank, the rest.
function distribution(step) {
  const rows = step.top.slice(0, SHOWN).map((word) => ({ ...word }));
  for (const extra of [{ token: step.output, log_prob: step.log_prob, rank: step.rank }, step.target]) {
    if (extra && !rows.some((row) => row.token === extra.token && row.rank === extra.rank)) rows.push({ ...extra });
  }
  for (const row of rows) {
    row.p = Math.exp(row.log_prob);
    row.chosen = row.token === step.output && row.rank === step.rank;
    row.gold = Boolean(step.target) && row.token === step.target.token && row.rank === step.target.rank;
  }
  const rest = Math.max(0, 1 - rows.reduce((sum, row) => sum + row.p, 0));
  return { rows, rest };
}

function bar(p, kind) {
  const track = el("span", { class: `track ${kind}` }, el("span", { class: "fill" }));
  track.firstChild.style.width = `${(100 * p).toFixed(2)}%`;
  return track;
}

function paintSoftmax(view, step) {
  const { strings, parts, vocabulary } = view;
  const { rows, rest } = distribution(step);
  const forced = view.trace.mode === "forced";
  const focused = [...parts.softmax.querySelectorAll("button")].indexOf(view.root.getRootNode().activeElement);
  const lines = rows.map((row) => {
    const marks = [];
    if (row.chosen && !forced) marks.push(el("b", { class: "chosen", text: "●", title: strings.chosen }));
    if (row.gold) marks.push(el("b", { class: "gold", text: "★", title: strings.reference_word }));
    const other = view.page && (forced || !row.chosen); // a fork by the word that is said anyway would be the same lane
    const title = fill(strings.fork_help, { word: row.token });
    const word = other ? el("button", { type: "button", class: "pick", title, "aria-label": title }, label(row.token)) : label(row.token);
    return el(
      "li",
      { class: row.gold ? "gold" : row.chosen ? "chosen" : "", "data-token": other ? row.token : null },
      el("span", { class: "rank", text: row.rank }),
      el("span", { class: "word" }, word, ...marks),
      bar(row.p, row.gold ? "gold" : "other"),
      el("span", { class: "p", text: percent(row.p) }),
    );
  });
  const others = fill(strings.rest, { count: Math.max(0, vocabulary - rows.length).toLocaleString("en") });
  lines.push(
    el(
      "li",
      { class: "rest" },
      el("span", { class: "rank" }),
      el("span", { class: "word", text: others }),
      bar(rest, "rest"),
      el("span", { class: "p", text: percent(rest) }),
    ),
  );
  parts.softmax.replaceChildren(...lines);
  if (focused >= 0) parts.softmax.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
  parts.reads.replaceChildren(label(step.input), " → ", label(said(step, view.trace.mode).token));
  const word = step.target ?? { token: step.output, log_prob: step.log_prob, rank: step.rank };
  const facts = [
    [strings.entropy, `${decimals(step.entropy, 2)} nat`],
    [strings.rank, word.rank],
    [strings.surprise, decimals(-word.log_prob, 3)],
  ];
  parts.about.replaceChildren(
    el("dt", { text: step.target ? strings.of_reference : strings.of_chosen }),
    el("dd", {}, label(word.token)),
    ...facts.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]),
  );
}
