"""What the model may do: six tools over the recommender, thin, usable with any LangChain chat model."""
