"""Step through: a sentence, a model, and the player of its decoding."""

from s2s.web.shell import address, controls, hidden, projector, refused, tour
from s2s.web.shell.heads import choose_head
from s2s.web.step_through.page import more_menu, render_stage

address.through_app()
names = controls.begin()
tour.mount_tour()
with controls.sentence_line():
    controls.checkpoint(names, choose_head)
    controls.decoding()
    controls.example_sentences()
    more = more_menu()
projector.apply()
hidden.hide_controls()
state = controls.state()
controls.given_tokens(state.tokens)
refused.warn_of_link()
hidden.show_note(state.note)
render_stage(state, more)
