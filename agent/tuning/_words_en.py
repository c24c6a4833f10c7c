# ruff: noqa: E501
"""How English-speaking people talk to a recommender: sentences with slots, none of a domain."""

from __future__ import annotations

SAID: dict[str, tuple[str, ...]] = {
    "hello": ("hi", "hey", "hello", "hi there", "good evening", "hey there!", "Hello!", "good morning", "yo"),
    "greet_only": (
        "hi", "hello", "hey", "good evening", "hello there", "hi, how are you?", "hey what's up", "hi, is anyone there?",
        "Hello, nice to meet you", "good morning!", "hey how's it going?", "Hi, who are you?",
    ),
    "open_vague": (
        "I'm looking for {a_one}", "can you recommend {a_one}?", "any good {many}?", "I need {a_one}",
        "what {many} do you have?", "help me find {a_one}", "I want something nice", "suggest me something",
        "looking for some {many}", "I don't really know what I want", "could you help me choose {a_one}?",
        "what would you recommend?", "{many} please", "I'd like {a_one} for {whom}", "I'm searching for {a_one} for {whom}",
        "something for {whom}", "need an idea for {whom}", "what's good?", "got any {many} for {whom}?",
        "I could use {a_one}", "not sure what I'm after, maybe {a_one}", "which {one} should I get?",
        "I want to try a new {one}", "help!", "recommend something please", "I can't decide on {a_one}",
        "do you know any good {many}?", "What kinds of {many} would you suggest?", "show me {many}",
        "I'm new to {many}, where do I start?", "my friend told me to get {a_one}", "find me {a_one}",
    ),
    "open_wishes": (
        "I'm looking for {wishes}", "I want {wishes}", "can you find me {wishes}?", "do you have {wishes}?", "{wishes}",
        "{wishes} please", "I need {wishes}", "recommend {wishes}", "show me {wishes}", "looking for {wishes}",
        "any {many}? {wishes}", "I'd like {a_one}, {wishes}", "I'm after {a_one}: {wishes}", "got {wishes}?",
        "we want {a_one} for {whom}, {wishes}", "{a_one} for {whom}, {wishes}", "I'd love {wishes}",
        "is there {a_one} that is {wishes}?", "what do you have that is {wishes}?", "maybe {wishes}?",
        "I'm thinking of {wishes}", "thinking about {a_one}, {wishes}, what do you think?", "find {wishes}",
        "in the mood for {wishes}", "could you suggest {wishes}?", "what about {wishes}?", "I prefer {wishes}",
        "it has to be {wishes}", "my requirements: {wishes}", "Hey I really want {wishes} for {whom}",
    ),
    "open_like": (
        "something like {title}", "I loved {title}, what else is like that?", "do you have anything similar to {title}?",
        "more like {title} please", "I'm a fan of {title}, any suggestions?", "{title} was great, I want another one like it",
        "I really enjoyed {title}. Can you recommend something similar?", "what's comparable to {title}?",
        "similar to {title}", "my favourite is {title}, so something in that direction",
    ),
    "open_like_but": (
        "something like {title} but {wishes}", "like {title}, but {wishes}", "I want {title} but {wishes}",
        "similar to {title} only {wishes}", "I liked {title}, but this time {wishes}", "{title} is nice, do you have one that is {wishes}?",
    ),
    "open_list": (
        "surprise me!", "surprise me please", "just show me something", "show me anything", "you decide", "you choose for me",
        "I'll leave it to you", "what do you recommend? anything is fine", "just give me a list", "show me what you've got",
        "I don't mind what, just recommend", "pick some for me", "give me your favourites", "your call", "random please",
        "let's see some {many}", "I have no preference at all, go ahead", "skip the questions, show me {many}", "no idea, surprise me",
        "whatever is popular", "show me five {many}", "anything good, go",
        "surprise me", "just show me some {many}", "anything, I don't care", "show me your best {many}", "whatever you like",
        "give me a random {one}", "I'm open to anything, just give me a few ideas", "no preferences, just recommend something",
        "show me a few {many} to start with", "top 5 {many} please", "I trust you, pick something", "list some {many}",
        "don't ask me anything, just show me {many}", "anything goes", "dealer's choice", "hit me with some {many}",
        "what are the most typical {many} you have?", "just give me something good, no questions",
    ),
    "open_list_wishes": (
        "just show me {wishes}", "{wishes}, no questions please", "give me a list: {wishes}", "show me everything {wishes}",
        "quick, {wishes}, whatever you have", "list {wishes}", "{wishes}, otherwise I don't care, surprise me",
        "I only care about one thing: {wishes}. show me what you have", "top picks, {wishes}",
    ),
    "open_ask": (
        "ask me some questions to find out what I like", "I don't know what I want, can you help me figure it out?",
        "help me narrow it down", "I'm overwhelmed, there is too much choice", "what do you need to know?",
        "how do I choose {a_one}?", "ask me anything you need", "there are so many {many}, where do I begin?",
        "I have no idea what kind of {one} would suit me",
    ),
    "answer_value": (
        "{value}", "{value}", "{value} please", "I'd say {value}", "{value} I think", "preferably {value}", "let's go with {value}",
        "{value} would be great", "maybe {value}", "definitely {value}", "hmm, {value}", "I like {value}", "oh, {value}!",
        "well, {value} I guess", "{value} sounds good", "the {label} should be {value}", "{label}: {value}", "{value}, if possible",
        "{value} is fine", "I'm more into {value}", "if I have to choose, {value}",
    ),
    "answer_not": ("not {value}", "anything but {value}", "no {value} please", "I don't want {value}", "everything except {value}"),
    "answer_also": (
        "{value}, and {wishes}", "{value}. Oh and {wishes}", "{value}, {wishes}", "{value} please. it should also be {wishes}",
        "{value} I guess, but more important: {wishes}",
    ),
    "answer_other": ("I don't care about that, but {wishes}", "no idea. {wishes} though", "any, but {wishes}", "more important is {wishes}"),
    "answer_any": (
        "I don't care", "any", "doesn't matter", "no preference", "whatever", "I'm open", "either is fine", "not important to me",
        "no preference really", "anything is fine", "don't mind", "it does not matter to me", "you choose", "hmm, no", "nope",
        "both are fine", "never thought about it", "I don't know", "not sure", "no idea tbh", "idk", "all good",
    ),
    "answer_list": (
        "just show me something", "can you please just give me some options?", "enough questions, show me {many}",
        "I don't want to answer questions", "stop asking and recommend something", "whatever, show me what you have",
        "no more questions please", "skip that, just the list", "just pick for me",
    ),
    "answer_yes": ("yes", "yes please", "yeah", "yep", "of course", "sure", "yes, that is a must", "absolutely"),
    "answer_no": ("no", "nope", "no thanks", "rather not", "not necessary", "no, I don't want that"),
    "accept": (
        "I'll take {ref}", "{ref} sounds perfect", "great, {ref} it is", "{ref} please", "I like {ref}", "perfect, {ref}!",
        "{ref} looks good, I'll go with that", "ok let's go for {ref}", "{ref} is exactly what I wanted", "I choose {ref}",
        "wow, {ref} is great, thanks!", "thank you, {ref} will do", "{ref} is the one", "sold on {ref}", "{ref}, thanks",
        "oh nice, I will try {ref}", "I think I'd enjoy {ref}", "I'm going with {ref}, thank you so much",
        "that's it! {ref}", "yes, {ref}", "{ref} sounds good, I'll check it out", "I'd love {ref}",
    ),
    "accept_more": (
        "I like {ref}, anything else like it?", "{ref} is good. what else do you have?", "{ref} sounds great, more like that please",
        "I'll note {ref}. Show me a few more", "{ref} is nice, any others?", "great, {ref} is in. another suggestion?",
        "I'll take {ref} and I need one more", "{ref} looks promising, do you have similar ones?",
    ),
    "reject": (
        "not {ref}", "{ref} is not for me", "I don't like {ref}", "{ref} is boring", "no thanks, {ref} isn't my thing",
        "anything but {ref}", "{ref} doesn't appeal to me", "I hate {ref}", "skip {ref}", "{ref} no", "please not {ref}",
        "I'm not interested in {ref}", "{ref}? no way", "nah, {ref} is not what I want", "remove {ref}", "I'd rather not have {ref}",
    ),
    "reject_reason": (
        "{ref} is {flaw}, not for me", "no, {ref} is {flaw}", "{ref} is out, {flaw}", "I don't want {ref}, it's {flaw}",
        "not {ref}, {flaw}", "{ref} won't work for me, {flaw}", "I can't take {ref} because it's {flaw}", "nope, {ref} is way {flaw}",
    ),
    "seen": (
        "I already know {ref}", "I already have {ref}", "I've tried {ref} before", "{ref} I know already", "had {ref} last year",
        "been there, done that with {ref}", "I've seen {ref}", "{ref} is not new to me", "my brother gave me {ref} already",
        "I know {ref}, what else?", "already tried {ref}, something new please", "{ref} I've had that one", "I own {ref}",
        "oh I did {ref} a while ago", "I've used {ref} for years",
    ),
    "seen_like": (
        "I already know {ref} and loved it, more like that", "I've had {ref} before, it was great! What else?",
        "{ref} I know, it was good", "seen {ref}, liked it",
    ),
    "seen_hate": ("I know {ref} and didn't like it at all", "I've tried {ref}, it was terrible", "had {ref} before, never again"),
    "critique": (
        "{ref} is nice but {flaw}", "{ref} looks good, but it's {flaw}", "I like {ref} but it is {flaw}", "{ref} would be great if it weren't {flaw}",
        "{ref} is almost right, just {flaw}", "hmm, {ref} is a bit {flaw}", "I'd take {ref} but it's {flaw}", "{ref} seems {flaw} to me, otherwise fine",
        "pity that {ref} is {flaw}", "{ref} is ok, though {flaw}",
    ),
    "refine": (
        "like {ref} but {change}", "something like {ref}, but {change}", "do you have {ref} but {change}?", "{ref} only {change}",
        "similar to {ref} but {change} please", "one like {ref} that is {change}", "more like {ref}, just {change}",
        "I'm thinking of {ref} but {change}", "{ref} comes close, now {change}", "is there a {change} version of {ref}?",
    ),
    "more": (
        "what else do you have?", "show me more", "anything else?", "more please", "other options?", "next", "any others?",
        "do you have more?", "and what else?", "can I see some more?", "more", "another list please", "something else?",
        "got other ideas?", "what other {many} are there?", "keep going", "some different ones please",
    ),
    "none": (
        "none of these", "I don't like any of them", "no, none of those", "not what I'm looking for", "these are all wrong",
        "nothing here for me", "none of them appeals to me", "no, something completely different", "hmm, none fits",
        "I don't want any of these", "all of these are bad", "nope, try again",
    ),
    "all_seen": ("I know all of these already", "I've had them all", "seen all of those", "these are all old news to me"),
    "list_change": (
        "these are all {flaw}", "{change} please", "can you show me {change} ones?", "I need something {change}",
        "do you have anything {change}?", "all {flaw}, sorry", "something {change}?", "too bad, they are {flaw}",
        "make it {change}", "{change}?",
    ),
    "add": (
        "also {wishes}", "and it should be {wishes}", "I forgot: {wishes}", "one more thing, {wishes}", "{wishes} too please",
        "ideally {wishes}", "oh, and {wishes}", "plus {wishes}", "which of them are {wishes}?", "but {wishes}", "only {wishes}",
        "does it come {wishes}? I want that", "{wishes} would be better", "can it be {wishes}?", "I'd prefer {wishes}",
    ),
    "change": (
        "actually, {wishes} instead", "I changed my mind, {wishes}", "forget that, {wishes}", "no wait, rather {wishes}",
        "hm, let's try {wishes} instead", "on second thought {wishes}", "scratch that. {wishes}", "sorry, I meant {wishes}",
        "let's do something different: {wishes}", "no, {wishes}",
    ),
    "lift": (
        "{label} doesn't matter any more", "any {label} is fine", "never mind the {label}", "forget about the {label}",
        "I don't care about the {label} any more", "the {label} is not so important", "drop the {label}",
    ),
    "describe": (
        "tell me more about {ref}", "what is {ref} like?", "can you describe {ref}?", "more info on {ref} please",
        "what's the {label} of {ref}?", "is {ref} {value}?", "does {ref} have {value}?", "how about {ref}, what can you tell me about it?",
        "I'd like to know more about {ref}", "details of {ref}?", "what about {ref}?", "who is {ref} for?", "{ref}, is that any good?",
        "how is {ref}?", "what do you know about {ref}?", "why {ref}?", "{ref}: what's the {label}?", "{ref} sounds interesting, tell me more",
        "and the {label} of {ref}?", "never heard of {ref}, what is it?",
    ),
    "thanks": (
        "thanks", "thank you!", "thanks a lot", "great, thanks", "thank you so much for your help", "cheers", "awesome, thx", "ty",
        "that was helpful, thanks", "perfect, thank you", "you're the best", "ok thanks", "cool, thanks for the help",
    ),
    "bye": ("bye", "that's all, goodbye", "I'm done, bye", "see you", "ok that's it for today", "have a nice day!", "good night", "gotta go"),
    "smalltalk": (
        "how are you today?", "lol", "haha nice", "you're funny", "are you a robot?", "what's your name?", "it's raining here",
        "I had a long day", "do you ever sleep?", "my cat just jumped on the keyboard", "that's interesting", "ok", "cool", "wow",
        "I'm in a good mood today", "nice weather, isn't it?", "tell me a joke", "what do you like yourself?", "oh I see", "hm ok",
        "are you human?", "good question", "I see, interesting", "who made you?",
    ),
    "help": (
        "how does this work?", "what can you do?", "help", "what is this?", "how do I use this?", "what are you for?",
        "can you explain how this works?", "what should I write?", "what can I ask you?", "instructions please",
        "what kind of things do you know?", "how can you help me?", "is there a manual?", "what do I do now?",
    ),
    "unclear": (
        "asdf", "???", "hm", "the thing", "you know what I mean", "blah blah", "that one", "no the other", "huh?", "x",
        "same as always", "it", "jkjk", "...", "what about the, you know", "qwertz", "the usual", "1234", "mmh",
    ),
    "scope": (
        "what's the weather tomorrow?", "can you book a taxi for me?", "what is 17 times 23?", "who won the election?",
        "write me a poem about the sea", "translate good morning into French", "call my mother", "what time is it?",
        "set an alarm for seven", "how do I fix my dishwasher?", "tell me the news", "send an email to my boss",
        "what's the capital of Peru?", "can you order it for me?", "how do I reset my password?", "are you cheaper than your competitor?",
    ),
    "lasting": (
        "remember that I never want {value}", "I always want {value}", "in general I avoid {value}", "I can never stand {value}, remember that",
        "please keep in mind for next time: {value}", "as a rule I only take {value}", "for the future, always {value}",
        "I'm someone who always prefers {value}", "note for my profile: {value}", "never show me {value} again",
    ),
    "lasting_not": (
        "remember that I never want {value}", "in general I avoid {value}", "I can't stand {value}, please remember", "never show me {value}, ever",
        "never ever {value}, keep that in mind", "as a rule, no {value}", "for the future: never {value}", "I hate {value}, always have",
        "please remember: no {value}", "I'm allergic to {value}, never suggest it",
    ),
    "lasting_yes": (
        "I always want {value}", "remember that I like {value}", "please keep in mind for next time: {value}", "as a rule I only take {value}",
        "for the future, always {value}", "I'm someone who always prefers {value}", "note for my profile: {value}", "I generally love {value}, remember that",
        "I usually only go for {value}, save that please",
    ),
    "profile": ("what do you know about me?", "what have you remembered about me?", "show me my profile", "what are my saved preferences?"),
    "whom": (
        "my sister", "my dad's birthday", "the weekend", "a friend", "my kids", "tonight", "my mother", "two people", "a colleague",
        "my girlfriend", "next month", "myself", "our team", "my grandma", "a rainy day", "my husband", "the holidays", "a present",
    ),
    "filler": (
        "It's been a long week.", "My budget is limited this month.", "I asked a friend but he had no idea.", "We just moved here.",
        "I've been searching for ages.", "Last time I was really disappointed.", "I hope you can help.", "My partner is picky.",
        "I don't know much about this.", "It is for a special occasion.", "I've tried a lot of things already.", "No rush.",
        "Honestly I'm a bit lost.", "My neighbour keeps talking about it.", "I have some time on Sunday.", "I read an article about it.",
        "Sorry for the long message.", "I'm usually not hard to please.", "We've done this every year since 2015.", "It's hot here today.",
        "I promised the children something nice.", "I am writing from my phone.", "You helped me last time, that was great.",
        "I'd rather not think about it for too long.", "My doctor said I should take it easy.",
    ),
    "words_small": (
        "I'm fine, thanks! What are you looking for?", "Ha, fair enough. What can I find for you?", "I'm just a program that helps you choose.",
        "Good to hear! Tell me what you would like.", "I see. What would you like to find?",
    ),
}  # fmt: skip

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
REFERENCES = (
    "the {ordinal} one",
    "number {n}",
    "#{n}",
    "the {ordinal}",
    "no. {n}",
    "{title}",
    "{title}",
    "option {n}",
    "{title}",
)
FLAWS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    # unit: (too much, more please, too little, less please)
    "money": (
        ("too expensive", "more expensive", "too cheap", "cheaper"),
        ("too pricey", "pricier", "suspiciously cheap", "less expensive"),
    ),
    "time": (("too long", "longer", "too short", "shorter"),),
    "length": (("too long", "longer", "too short", "shorter"), ("too big", "bigger", "too small", "smaller")),
    "weight": (("too heavy", "heavier", "too light", "lighter"),),
    "year": (("too new", "newer", "too old", "older"), ("too modern", "more recent", "too dated", "older")),
    "other": (("with too much {label}", "with more {label}", "with too little {label}", "with less {label}"),),
}
"""Words for a number that is too high or too low, by what the number measures."""

VAGUE_NUMBERS = {
    "money": ("not too expensive", "affordable", "cheap", "something pricey", "within a small budget"),
    "time": ("not too long", "short", "a long one"),
    "length": ("not too long", "big", "small"),
    "weight": ("light", "not too heavy"),
    "year": ("recent", "an old one", "modern"),
    "other": ("with a lot of {label}", "not too much {label}"),
}
ANY_OF = ("{wish}", "{wish}", "{wish} {one}", "a {wish} one", "{wish} if possible", "must be {wish}", "really {wish}")
"""How a category value is wished for."""
WITH = (
    "with {wish}",
    "{wish}",
    "something with {wish}",
    "has {wish}",
    "{wish} would be nice",
    "about {wish}",
    "good for {wish}",
)
WITHOUT = (
    "no {wish}",
    "not {wish}",
    "without {wish}",
    "anything but {wish}",
    "I don't like {wish}",
    "nothing {wish}",
    "please no {wish}",
    "I hate {wish}",
)
LABELLED = (
    "{label} {wish}",
    "{label}: {wish}",
    "the {label} should be {wish}",
    "{wish} as {label}",
    "{label} = {wish}",
)
AT_MOST = (
    "{label} under {n}",
    "{label} at most {n}",
    "not more than {n} {label}",
    "max {n} {label}",
    "{label} below {n}",
    "up to {n} {label}",
    "less than {n} {label}",
    "{label} no more than {n}",
)
AT_LEAST = (
    "{label} at least {n}",
    "{label} over {n}",
    "more than {n} {label}",
    "min {n} {label}",
    "{label} above {n}",
    "{label} from {n} up",
    "{n} {label} or more",
)
BETWEEN = (
    "{label} between {low} and {high}",
    "{label} from {low} to {high}",
    "{low}-{high} {label}",
    "{label} {low} to {high}",
)
UNIT_AT_MOST = (
    "under {n}",
    "max {n}",
    "at most {n}",
    "not more than {n}",
    "below {n}",
    "up to {n}",
    "less than {n}",
    "{n} tops",
)
UNIT_AT_LEAST = ("over {n}", "at least {n}", "more than {n}", "min {n}", "{n} or more", "no less than {n}")
JOIN = (", ", " and ", ", ", ". ", " and also ", ", but ", " + ")
