"""Settings of nbgrader for everybody's server in the classroom."""

import os

from rnncourse.classroom.room import COURSE, TEACHER, Room

c = get_config()  # type: ignore[name-defined]  # noqa: F821
room = Room.from_environment()
me = os.environ.get("JUPYTERHUB_USER", "")

c.Exchange.root = str(room.exchange)
c.CourseDirectory.course_id = COURSE
if me == TEACHER:
    c.CourseDirectory.root = str(room.course)
    # All files belong to one system user here. On a real server leave this on.
    c.ExchangeCollect.check_owner = False
else:
    # nbgrader would ask the system who this is; here the hub knows.
    c.CourseDirectory.student_id = me
