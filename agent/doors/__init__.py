"""The ways in: the command line, the terminal chat, the OpenAI-compatible server, the MCP server."""
