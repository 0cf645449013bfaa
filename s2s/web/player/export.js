// Downloads made in the browser: the trace as JSON and CSV, the picture as SVG and PNG.

const escapeXml = (text) => text.replace(/[<>&"']/g, (c) => `&#${c.charCodeAt(0)};`);
const escapeCsv = (value) => (/[",\n\r]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

function traceCsv(trace) {
  const head = ["step", "input", "output", "log_prob", "rank", "entropy", "target", "target_log_prob"];
  const rows = [[...head, ...trace.source.tokens.map((token, s) => `${s}:${token}`)]];
  trace.steps.forEach((step, t) => {
    const gold = step.target ? [step.target.token, step.target.log_prob] : ["", ""];
    rows.push([t, step.input, step.output, step.log_prob, step.rank, step.entropy, ...gold, ...step.attention]);
  });
  return rows.map((row) => row.map(escapeCsv).join(",")).join("\r\n") + "\r\n";
}

const isWide = (token) => /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]/.test(token);
const textWidth = (token) => [...token].reduce((sum, c) => sum + (isWide(c) ? 14 : 8), 0);

// The heatmap of one lane on its own white page: labels upright for CJK, slanted for the rest.
function heatmapSvg(trace, title, colour) {
  const [w, h] = [30, 26];
  const left = 20 + Math.max(...trace.steps.map((step) => textWidth(step.output)));
  const tall = Math.max(...trace.source.tokens.map((t) => (isWide(t) ? [...t].length * 15 : textWidth(t) * 0.75)));
  const top = 58 + tall;
  const width = Math.max(left + trace.source.tokens.length * w + 60, 16 + textWidth(title));
  const height = top + trace.steps.length * h + 16;
  const parts = [`<rect width="${width}" height="${height}" fill="#fff"/>`];
  const text = (x, y, content, more = "") => parts.push(`<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`);
  text(8, 22, title, 'font-size="13" fill="#555"');
  trace.source.tokens.forEach((token, s) => {
    const x = left + (s + 0.5) * w;
    if (isWide(token)) [...token].forEach((c, i, all) => text(x, top - 8 - 15 * (all.length - 1 - i), c, 'text-anchor="middle"'));
    else text(x, top - 8, token, `transform="rotate(-45 ${x} ${top - 8})"`);
  });
  trace.steps.forEach((step, t) => {
    const y = top + t * h;
    text(left - 8, y + 18, step.output, 'text-anchor="end"');
    step.attention.forEach((weight, s) => {
      const opacity = shade(weight).toFixed(3);
      if (weight < 0.0005) return;
      parts.push(`<rect x="${left + s * w}" y="${y}" width="${w}" height="${h}" fill="${colour}" fill-opacity="${opacity}"/>`);
    });
  });
  const frame = [left, top, trace.source.tokens.length * w, trace.steps.length * h];
  parts.push(`<rect x="${frame[0]}" y="${frame[1]}" width="${frame[2]}" height="${frame[3]}" fill="none" stroke="#bbb"/>`);
  const font = `font-family="'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif" font-size="14" fill="#111"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${font}>${parts.join("")}</svg>`;
}

function save(name, blob) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function savePng(svg, name) {
  const image = new Image();
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  image.onload = () => {
    const scale = Math.min(2, 8000 / Math.max(image.width, image.height));
    const canvas = el("canvas", { width: Math.round(image.width * scale), height: Math.round(image.height * scale) });
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    context.drawImage(image, 0, 0);
    URL.revokeObjectURL(url);
    canvas.toBlob((blob) => save(name, blob), "image/png");
  };
  image.src = url;
}

function download(view, kind) {
  const { trace } = view;
  const name = `lookback-${trace.checkpoint.name}-${view.lane}.${kind}`;
  if (kind === "json") return save(name, new Blob([JSON.stringify(trace)], { type: "application/json" }));
  if (kind === "csv") return save(name, new Blob(["\ufeff" + traceCsv(trace)], { type: "text/csv" }));
  const svg = heatmapSvg(trace, `${trace.checkpoint.name} · ${laneName(view, view.lane)}`, "#ea580c");
  if (kind === "svg") return save(name, new Blob([svg], { type: "image/svg+xml" }));
  return savePng(svg, name);
}
