"""`ItemIndex` as a LangChain retriever, in a chain with any chat model.

python examples/retriever.py
"""

from __future__ import annotations

from typing import Any

from langchain_core.documents import Document
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnablePassthrough

from chatrec.agent import ChatLlamaCpp
from chatrec.indexes import Catalog, ItemIndex

PROMPT = ChatPromptTemplate.from_template("Answer in one sentence.\n\n{context}\n\nQuestion: {question}")


def shown(documents: list[Document]) -> str:
    """The documents as the model reads them."""
    return "\n".join(f"{document.metadata['title']}: {document.page_content}" for document in documents)


def build(index: ItemIndex, model: Runnable[Any, Any], **conditions: Any) -> Runnable[str, Any]:
    """A chain from a question to an answer; conditions hold before the search, so none of the `k` is lost to them."""
    retriever = index.as_retriever(search_kwargs={"k": 3, "filter": conditions or None})
    return {"context": retriever | shown, "question": RunnablePassthrough()} | PROMPT | model


def main() -> None:
    index = ItemIndex.build(Catalog.load("films"))
    for document in index.as_retriever(search_kwargs={"k": 3, "filter": {"genres": "Comedy"}}).invoke("a holiday"):
        print(document.metadata["title"], document.metadata["year"])
    chain = build(index, ChatLlamaCpp(temperature=0, max_tokens=60), genres="Comedy")
    print(chain.invoke("Which of these is about a holiday?").text)


if __name__ == "__main__":
    main()
