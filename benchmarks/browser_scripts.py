"""Scripts that the browser benchmark runs in the page, to time an input until its effect is painted."""

# window.painted(start) waits for the next painted frame and adds the milliseconds since start to window.samples.
CLOCK = """() => {
    window.samples = [];
    const painted = (start) => requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => window.samples.push(performance.now() - start);
        channel.port2.postMessage(0);
    });
    window.painted = painted;
}"""

# Starts the clock at every key press and stops it at the next painted frame.
KEYS = "() => document.addEventListener('keydown', (e) => window.painted(e.timeStamp), true)"
# Starts the clock at a key press and stops it when the title of the plotly chart has changed.
PLOT = """() => {
    let start = null, shown = null;
    const title = () => document.querySelector('.gtitle')?.textContent;
    document.addEventListener('keydown', (e) => { start = e.timeStamp; shown = title(); }, true);
    new MutationObserver(() => {
        if (start !== null && title() && title() !== shown) { window.painted(start); start = null; }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""

# Starts the clock at a click on Run and stops it when the player has been replaced.
RUN = """() => {
    const strip = () => [...document.querySelectorAll('*')].map((node) => node.shadowRoot?.querySelector('.source'))
        .find((node) => node);
    const before = strip();
    const run = [...document.querySelectorAll('button')].find((button) => button.innerText === 'Run');
    run.addEventListener('click', (event) => {
        const done = () => strip() && strip() !== before;
        const look = () => (done() ? window.painted(event.timeStamp) : requestAnimationFrame(look));
        look();
    }, { once: true });
}"""

# Sets window.shadow to the player's shadow root.
SHADOW = """() => {
    const hosts = [...document.querySelectorAll('*')].filter((node) => node.shadowRoot?.querySelector('.player'));
    window.shadow = hosts[0].shadowRoot;
}"""

# Starts the clock at the next click and stops it when a new branch is there and active.
FORK = """() => {
    const heads = (row) => window.shadow.querySelectorAll(`tr${row} th.branch`).length;
    const before = heads('');
    document.addEventListener('click', (event) => {
        const done = () => heads('') > before && heads('.active');
        const look = () => (done() ? window.painted(event.timeStamp) : requestAnimationFrame(look));
        look();
    }, { once: true, capture: true });
}"""

# Starts the clock at the next key press and stops it when the server has answered the edit.
EDIT = """() => {
    const answered = () => window.shadow.querySelector('.change').dataset.seq;
    const before = answered();
    document.addEventListener('keydown', (event) => {
        const look = () => (answered() !== before ? window.painted(event.timeStamp) : requestAnimationFrame(look));
        look();
    }, { once: true, capture: true });
}"""

# Starts the clock at a click on the section Evidence: one sample when its first rows
# are there, one when the progress bar has gone or passed the middle.
EVIDENCE = """() => {
    const section = window.shadow.querySelector('details.evidence');
    section.querySelector('summary').addEventListener('click', (event) => {
        const rows = () => section.querySelector('table.rows');
        const progress = () => section.querySelector('progress');
        const whole = () => rows() && (!progress() || progress().value * 2 >= progress().max);
        const look = (done, then) => {
            if (!done()) return requestAnimationFrame(() => look(done, then));
            window.painted(event.timeStamp);
            then();
        };
        look(rows, () => look(whole, () => {}));
    }, { once: true });
}"""

# Collects in window.moved the time of every frame in which the ribbons of the flow have changed.
FRAMES = """() => {
    const paths = () => [...window.shadow.querySelectorAll('.flowDrawing path')];
    const shape = () => paths().map((path) => path.getAttribute('d')).join();
    window.moved = [];
    let before = shape();
    const look = (now) => {
        const next = shape();
        if (next !== before) window.moved.push(now);
        before = next;
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""
