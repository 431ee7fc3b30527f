"""PyPI pychatwork 1.0.5, unmodified: posts a text and reads what is new. The base URL is a class constant: no file is touched."""

import os

import pychatwork

pychatwork.ChatworkClient.BASE_URL = os.environ["CHATWORK_BASE_URL"].rstrip("/") + "/"
client = pychatwork.ChatworkClient(os.environ["CHATWORK_API_TOKEN"])
room = os.environ["CHATWORK_ROOM_ID"]
print("posted", client.post_messages(os.environ["CONFORMANCE_TEXT"], room)["message_id"])
print(len(client.get_messages(room)), "new messages")
