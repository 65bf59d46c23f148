"""HTTP for programs, in the words of the clients that exist: OpenAI's audio API and Deepgram's."""
