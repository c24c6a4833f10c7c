"""All six tools at once, for an agent that somebody already has."""

from __future__ import annotations

from typing import Any

from langchain_core.tools import BaseTool, BaseToolkit
from pydantic import ConfigDict, Field

from chatrec.indexes import Recommender
from chatrec.tools._ask_user import ask_user_tool
from chatrec.tools._describe_item import describe_item_tool
from chatrec.tools._profile import get_profile_tool, update_profile_tool
from chatrec.tools._recommend import recommend_tool
from chatrec.tools._record_feedback import record_feedback_tool
from chatrec.tools._turn import Session, Spoken


class RecommenderToolkit(BaseToolkit):
    """The six tools over one recommender.

    Attributes:
        recommender: What is recommended from.
        user_id: Whose profile and feedback the tools use; None where the agent's context says it
            (a runtime context with a `user_id`). It never comes from the conversation.
        size: How many items a list has, 1 to 50.
        language: The language of reasons and plain questions outside chatrec's own agent: "en" or "zh".
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    recommender: Recommender
    user_id: str | None = None
    size: int = Field(default=5, ge=1, le=50)
    language: Spoken = "en"

    def __init__(self, recommender: Recommender, **settings: Any) -> None:
        fields: dict[str, Any] = {"recommender": recommender, **settings}
        super().__init__(**fields)

    def get_tools(self) -> list[BaseTool]:
        """New tools that share one memory of the last list (so that "the second one" is understood)."""
        session = Session(self.user_id, language=self.language)
        return [
            recommend_tool(self.recommender, session, size=self.size),
            ask_user_tool(self.recommender, session),
            describe_item_tool(self.recommender, session),
            record_feedback_tool(self.recommender, session),
            update_profile_tool(self.recommender, session),
            get_profile_tool(self.recommender, session),
        ]
