"""Ask a class: students guess on their phones what the model will do, then it is revealed."""

from s2s.web.classroom import teacher
from s2s.web.shell import address, controls, projector, refused

address.through_app()
names = controls.begin()
projector.apply()
refused.warn_of_link()
teacher.teacher_page(names)
