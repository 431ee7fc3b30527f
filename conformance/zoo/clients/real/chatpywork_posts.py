"""PyPI chatpywork 1.3.0, unmodified: posts a text and a file. The base URL is a constant of the module: no file is touched.

The client hands back the answer of requests as it is; what is asked of it here is what its own page shows.
"""

import os

from chatpywork import Room, room

room.BASE_URL = os.environ["CHATWORK_BASE_URL"].rstrip("/")
client = Room(os.environ["CHATWORK_ROOM_ID"], os.environ["CHATWORK_API_TOKEN"])
print("posted", client.send_message(os.environ["CONFORMANCE_TEXT"]).json())
print("file", client.send_csv([["ก", "あ"], ["1", "2"]], "表.csv", message="CSV").json())
