// The arithmetic of one step, with the numbers of the model.

const WORKED_ROWS = 5;

// A formula: words in _italics_, subscripts as s_{t}; no text of the user's passes through here.
function formula(text) {
  const node = el("p", { class: "formula" });
  for (const part of text.split(/(_\{[^}]*\})/)) {
    if (part.startsWith("_{")) node.append(el("sub", { text: part.slice(2, -1) }));
    else node.append(part);
  }
  return node;
}

function numbersTable(head, rows) {
  const cells = (tag, row) => row.map((value) => el(tag, {}, value instanceof Node ? value : String(value)));
  return el(
    "div",
    { class: "scroll" },
    el(
      "table",
      { class: "numbers" },
      el("thead", {}, el("tr", {}, ...cells("th", head))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...cells("td", row)))),
    ),
  );
}

const FORMULAS = {
  additive: {
    score: "e_{ts} = v · tanh(W s_{t−1} + U h_{s})",
    term: ([v, w, u]) => `(${decimals(v)})·tanh(${decimals(w)} + ${decimals(u)})`,
    value: ([v, w, u]) => v * Math.tanh(w + u),
  },
  general: {
    score: "e_{ts} = h_{t} · W h_{s}",
    term: ([h, k]) => `(${decimals(h)})(${decimals(k)})`,
    value: ([h, k]) => h * k,
  },
};

function scoreSection(view, step, order) {
  const { strings, trace } = view;
  const kind = FORMULAS[trace.checkpoint.attention];
  const place = order[0];
  const parts = [el("h4", { text: strings.worked_scores })];
  if (kind) {
    const shown = step.score_terms.map(kind.value).reduce((a, b) => a + b, 0);
    const terms = step.score_terms.map((term) => kind.term(term)).join(" + ");
    const line = el("p", { class: "sum" }, "e(", label(trace.source.tokens[place]), ") = ");
    line.append(`${terms} + ${fill(strings.more_terms, { value: decimals(step.scores[place] - shown) })} = `);
    line.append(el("b", { text: decimals(step.scores[place]) }));
    parts.push(formula(kind.score), line);
  }
  return parts;
}

function softmaxSection(view, step, order) {
  const { strings, trace } = view;
  const top = order.slice(0, WORKED_ROWS);
  const highest = Math.max(...step.scores);
  const powers = step.scores.map((score) => Math.exp(score - highest));
  const total = powers.reduce((a, b) => a + b, 0);
  const rows = top.map((s) => [
    label(trace.source.tokens[s]),
    decimals(step.scores[s]),
    decimals(powers[s]),
    `${decimals(powers[s])} / ${decimals(total)}`,
    el("b", { text: decimals(step.attention[s]) }),
  ]);
  const left = order.slice(WORKED_ROWS);
  if (left.length) {
    const sum = (values) => left.reduce((a, s) => a + values[s], 0);
    rows.push([fill(strings.others, { count: left.length }), "", decimals(sum(powers)), "", decimals(sum(step.attention))]);
  }
  return [
    el("h4", { text: strings.worked_softmax }),
    formula("α_{ts} = exp(e_{ts} − m) / Σ_{j} exp(e_{tj} − m),   m = max e = " + decimals(highest)),
    numbersTable([strings.source_word, "e", "exp(e − m)", "", "α"], rows),
  ];
}

function contextSection(view, step, order) {
  const { strings, trace } = view;
  const memory = trace.source.memory;
  if (!memory.length || !step.context.length) return [];
  const top = order.slice(0, WORKED_ROWS);
  const left = order.slice(WORKED_ROWS);
  const scaled = (s) => memory[s].map((h) => step.attention[s] * h);
  const rows = top.map((s) => [
    label(trace.source.tokens[s]),
    decimals(step.attention[s]),
    ...memory[s].map((h) => decimals(h)),
  ]);
  if (left.length) {
    const sums = step.context.map((_, i) => left.reduce((a, s) => a + scaled(s)[i], 0));
    rows.push([fill(strings.others_weighted, { count: left.length }), "", ...sums.map((x) => decimals(x))]);
  }
  rows.push([el("b", { text: "c = Σ α h" }), "", ...step.context.map((c) => el("b", { text: decimals(c) }))]);
  const line = el("p", { class: "sum" }, "c = ");
  top.forEach((s, i) => line.append(`${i ? " + " : ""}${decimals(step.attention[s], 2)}·h(`, label(trace.source.tokens[s]), ")"));
  if (left.length) line.append(" + …");
  const heads = step.context.map((_, i) => `h[${i}]`);
  return [
    el("h4", { text: strings.worked_context }),
    formula("c_{t} = Σ_{s} α_{ts} h_{s}"),
    line,
    numbersTable([strings.source_word, "α", ...heads], rows),
  ];
}

function outputSection(view, step) {
  const { strings } = view;
  const rows = step.top.slice(0, WORKED_ROWS).map((word) => [
    label(word.token),
    decimals(word.log_prob + step.normaliser),
    `exp(${decimals(word.log_prob + step.normaliser)} − ${decimals(step.normaliser)})`,
    el("b", { text: decimals(Math.exp(word.log_prob), 4) }),
  ]);
  const word = step.target ?? { token: step.output, log_prob: step.log_prob };
  const loss = el("p", { class: "sum" }, "−log p(", label(word.token), ") = ");
  loss.append(`−log ${Math.exp(word.log_prob).toPrecision(4)} = `, el("b", { text: decimals(-word.log_prob, 4) }), " nat");
  return [
    el("h4", { text: strings.worked_output }),
    formula("p_{v} = exp(z_{v} − log Z),   log Z = log Σ_{v} exp(z_{v}) = " + decimals(step.normaliser)),
    numbersTable([strings.word, "z", "", "p"], rows),
    el("h4", { text: step.target ? strings.worked_loss : strings.worked_loss_chosen }),
    formula("J_{t} = −Σ_{v} y_{v} log p_{v}"),
    loss,
  ];
}

function paintWorked(view, step) {
  if (!view.parts.worked.open) return;
  const order = step.attention.map((_, s) => s).sort((a, b) => step.attention[b] - step.attention[a]);
  view.parts.workedBody.replaceChildren(
    ...scoreSection(view, step, order),
    ...softmaxSection(view, step, order),
    ...contextSection(view, step, order),
    ...outputSection(view, step),
  );
}

// Every number of the lane for a screen reader, or for anyone who wants to copy it.
function paintTable(view) {
  if (!view.parts.table.open) return;
  const { strings, trace } = view;
  const head = [strings.step, strings.input, strings.output, "p", strings.rank, strings.entropy];
  const rows = trace.steps.map((step, t) => [
    t + 1,
    label(step.input),
    label(step.output),
    decimals(Math.exp(step.log_prob), 4),
    step.rank,
    decimals(step.entropy, 3),
    ...step.attention.map((weight) => decimals(weight, 3)),
  ]);
  const table = numbersTable([...head, ...trace.source.tokens.map((token) => label(token))], rows);
  view.parts.tableBody.replaceChildren(table);
}
