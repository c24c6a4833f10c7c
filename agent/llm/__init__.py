"""The local model as a LangChain chat model. Knows nothing of recommending."""
