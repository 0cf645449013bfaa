// The script beside a frame in a notebook: it makes the frame as tall as its page, and tells the page to be dark where
// the text around it is light. Several outputs share one listener.
(() => {
  const frames = () => [...document.querySelectorAll("iframe.lookback-frame")];
  const light = (frame) =>
    (getComputedStyle(frame.parentElement).color.match(/[\d.]+/g) ?? [0, 0, 0])
      .slice(0, 3)
      .reduce((sum, part) => sum + Number(part), 0) > 384;
  const tell = (frame) => frame.contentWindow?.postMessage({ dark: light(frame) }, "*");
  globalThis.lookbackFrames ??= (() => {
    addEventListener("message", ({ source, data }) => {
      const frame = data?.lookback && frames().find(({ contentWindow }) => contentWindow === source);
      if (!frame) return;
      if (Number.isFinite(data.height) && !("fixed" in frame.dataset))
        frame.style.height = `${Math.max(40, Math.min(data.height, 20000))}px`;
      if (data.lookback === "hello") tell(frame);
    });
    const again = () => setTimeout(() => frames().forEach(tell), 200); // a theme's style sheet needs a moment to load
    for (const node of [document.documentElement, document.body])
      new MutationObserver(again).observe(node, { attributes: true });
    return true;
  })();
  frames().forEach(tell);
})();
