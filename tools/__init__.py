"""What the model may do: six tools over the recommender, thin, usable with any LangChain chat model."""

from chatrec.tools._toolkit import RecommenderToolkit

__all__ = ["RecommenderToolkit"]
