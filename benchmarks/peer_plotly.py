"""The usual way, as a peer: a Streamlit slider over the steps and ``st.plotly_chart`` for the attention.

Run by benchmarks.browser with a trace's path as its argument.
"""

import sys
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from s2s.trace.trace import Trace

trace = Trace.from_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
step = st.slider("step", 1, len(trace.steps), 1)
figure = go.Figure(go.Heatmap(z=trace.attention_TS, zmin=0, zmax=1))
figure.update_xaxes(tickvals=list(range(len(trace.source_tokens))), ticktext=trace.source_tokens)
figure.update_yaxes(
    tickvals=list(range(len(trace.steps))), ticktext=[s.output for s in trace.steps], autorange="reversed"
)
figure.add_hrect(y0=step - 1.5, y1=step - 0.5)
figure.update_layout(title=f"step {step}")
st.plotly_chart(figure, key="attention")
st.bar_chart({s.token: s.log_prob for s in trace.steps[step - 1].top})
