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
        "I was hoping to find {a_one}", "{a_one}, maybe?", "we need {a_one} by next week", "any ideas for {a_one}?", "I feel like {a_one}",
        "I haven't got a clue what {one} to get", "time for a new {one}", "what's worth a look?", "I'd like some advice on {many}",
        "thinking about {a_one} lately", "hm, {many}...", "my old {one} is no good any more, I need another",
        "{a_one} please", "buying {a_one}", "{one}?", "{many}?",
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
        "I was wondering whether you have {wishes}", "{wishes}, anything like that?", "our {one} has to be {wishes}", "ideally {wishes}",
        "I've set my heart on {wishes}", "something {wishes} would be lovely", "show {wishes}", "hoping for {wishes}",
        "what would you suggest, {wishes}?", "must haves: {wishes}",
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
        "what's popular at the moment?", "just throw some {many} at me", "I'm easy, what have you got?", "go ahead and recommend",
        "no questions, just {many}", "let me see your suggestions", "start with whatever", "anything will do, show me",
    ),
    "open_list_wishes": (
        "just show me {wishes}", "{wishes}, no questions please", "give me a list: {wishes}", "show me everything {wishes}",
        "quick, {wishes}, whatever you have", "list {wishes}", "{wishes}, otherwise I don't care, surprise me",
        "I only care about one thing: {wishes}. show me what you have", "top picks, {wishes}",
        "{wishes}. just show me what there is", "anything {wishes}, I'm not fussy beyond that, show me", "{wishes} - give me a handful",
        "can I simply see {wishes}?",
    ),
    "open_ask": (
        "ask me some questions to find out what I like", "I don't know what I want, can you help me figure it out?",
        "help me narrow it down", "I'm overwhelmed, there is too much choice", "what do you need to know?",
        "how do I choose {a_one}?", "ask me anything you need", "there are so many {many}, where do I begin?",
        "I have no idea what kind of {one} would suit me",
        "I don't know where to start, can you guide me?", "which questions should I think about first?", "help me work out what I need",
        "let's figure it out together, ask away", "interview me",
    ),
    "answer_value": (
        "{value}", "{value}", "{value} please", "I'd say {value}", "{value} I think", "preferably {value}", "let's go with {value}",
        "{value} would be great", "maybe {value}", "definitely {value}", "hmm, {value}", "I like {value}", "oh, {value}!",
        "well, {value} I guess", "{value} sounds good", "the {label} should be {value}", "{label}: {value}", "{value}, if possible",
        "{value} is fine", "I'm more into {value}", "if I have to choose, {value}",
        "{value} of course", "oh {value} for sure", "mostly {value}", "rather {value}", "{value} then", "it'd be {value}",
        "{value} is what I'm after", "probably {value}",
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
        "surprise me on that", "that's all the same to me", "couldn't care less", "up to you", "no strong feelings", "hmm hard to say",
        "I really can't say", "pass",
        "nah", "not really", "can't say", "it depends", "hmm", "depends on the day", "either way", "no preference, really",
    ),
    "answer_list": (
        "just show me something", "can you please just give me some options?", "enough questions, show me {many}",
        "I don't want to answer questions", "stop asking and recommend something", "whatever, show me what you have",
        "no more questions please", "skip that, just the list", "just pick for me",
        "let's just see some", "just the list please", "go ahead, show me",
    ),
    "answer_yes": ("yes", "yes please", "yeah", "yep", "of course", "sure", "yes, that is a must", "absolutely"),
    "answer_no": ("no", "nope", "no thanks", "rather not", "not necessary", "no, I don't want that"),
    "accept": (
        "I'll take {ref}", "{ref} sounds perfect", "great, {ref} it is", "{ref} please", "I like {ref}", "perfect, {ref}!",
        "{ref} looks good, I'll go with that", "ok let's go for {ref}", "{ref} is exactly what I wanted", "I choose {ref}",
        "wow, {ref} is great, thanks!", "thank you, {ref} will do", "{ref} is the one", "sold on {ref}", "{ref}, thanks",
        "oh nice, I will try {ref}", "I think I'd enjoy {ref}", "I'm going with {ref}, thank you so much",
        "that's it! {ref}", "yes, {ref}", "{ref} sounds good, I'll check it out", "I'd love {ref}",
        "{ref} it is!", "that's the one, {ref}", "I'm in for {ref}", "you've convinced me, {ref}", "{ref} would be my pick", "I'd go for {ref}",
        "put me down for {ref}", "{ref}! brilliant",
        "so {ref}", "{ref} then", "go for {ref}", "ok {ref}, done", "haha {ref}, why not", "book {ref}", "get me {ref}", "never mind the rest, {ref}", "my friend swears by {ref}, so be it", "{ref} works for us", "let's have {ref}", "{ref}. decided", "we're going with {ref}",
    ),
    "accept_more": (
        "I like {ref}, anything else like it?", "{ref} is good. what else do you have?", "{ref} sounds great, more like that please",
        "I'll note {ref}. Show me a few more", "{ref} is nice, any others?", "great, {ref} is in. another suggestion?",
        "I'll take {ref} and I need one more", "{ref} looks promising, do you have similar ones?",
        "I loved {ref}! anything in that spirit?", "{ref} is one of my favourites, more of the kind", "we adored {ref}, what else?",
        "{ref} was wonderful, so something along those lines", "big fan of {ref}, what else is there", "I really enjoyed {ref}, what would you add?",
        "keep {ref}, and show me some more",
    ),
    "reject": (
        "not {ref}", "{ref} is not for me", "I don't like {ref}", "{ref} is boring", "no thanks, {ref} isn't my thing",
        "anything but {ref}", "{ref} doesn't appeal to me", "I hate {ref}", "skip {ref}", "{ref} no", "please not {ref}",
        "I'm not interested in {ref}", "{ref}? no way", "nah, {ref} is not what I want", "remove {ref}", "I'd rather not have {ref}",
        "{ref}: not my taste", "definitely not {ref}", "ugh, {ref}", "you can drop {ref}", "{ref} leaves me cold", "I don't fancy {ref}",
        "leave out {ref}", "{ref} isn't for us", "can't stand {ref}",
        "{ref} is ugly", "cross {ref} off", "{ref} scares me", "who would want {ref}?", "{ref} is a bit plain", "{ref}, god no", "we'd never use {ref}", "strike {ref}",
    ),
    "reject_reason": (
        "{ref} is {flaw}, not for me", "no, {ref} is {flaw}", "{ref} is out, {flaw}", "I don't want {ref}, it's {flaw}",
        "not {ref}, {flaw}", "{ref} won't work for me, {flaw}", "I can't take {ref} because it's {flaw}", "nope, {ref} is way {flaw}",
        "I'd skip {ref}, {flaw}", "{ref}? {flaw}, so no", "{flaw}, so {ref} is off the list", "sadly {ref} is {flaw}, so no",
        "no {ref} please, it's {flaw}",
    ),
    "seen": (
        "I already know {ref}", "I already have {ref}", "I've tried {ref} before", "{ref} I know already", "had {ref} last year",
        "been there, done that with {ref}", "I've seen {ref}", "{ref} is not new to me", "my brother gave me {ref} already",
        "I know {ref}, what else?", "already tried {ref}, something new please", "{ref} I've had that one", "I own {ref}",
        "oh I did {ref} a while ago", "I've used {ref} for years",
        "{ref} is at home already", "we did {ref} in spring", "I've done {ref}", "got {ref} for Christmas", "already been through {ref}",
        "no need for {ref}, I have it", "{ref} was last month's, what's new?", "I know {ref} by heart", "tried {ref} twice already",
        "been to {ref} twice", "read {ref} ages ago", "watched {ref} last week", "we stayed with {ref} once", "{ref}? played it to death", "he got {ref} for his birthday", "they had {ref} before", "I grew up with {ref}", "eaten {ref} too often", "there's {ref} in my cupboard already", "did {ref} as a kid",
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
        "{ref} would do if it weren't {flaw}", "I'm tempted by {ref}, shame it's {flaw}", "{ref}, hmm, {flaw}", "isn't {ref} a bit {flaw}?",
        "{ref} is {flaw}", "for me {ref} is {flaw}",
        "wow {ref}, but {flaw} :(", "{ref}! but {flaw}...", "cute, though {ref} is {flaw}", "{ref} it would be, were it not {flaw}",
    ),
    "refine": (
        "like {ref} but {change}", "something like {ref}, but {change}", "do you have {ref} but {change}?", "{ref} only {change}",
        "similar to {ref} but {change} please", "one like {ref} that is {change}", "more like {ref}, just {change}",
        "I'm thinking of {ref} but {change}", "{ref} comes close, now {change}", "is there a {change} version of {ref}?",
        "I'd take {ref} if it were {change}", "a {change} {ref}, so to speak", "{ref} is close, but {change}", "can you find {ref} in {change}?",
        "take {ref} and make it {change}",
        "{ref} would be just right if it were {change}", "if only {ref} were {change}", "{ref} is the loveliest, but it must be {change}", "only if {ref} was {change} too",
    ),
    "more": (
        "what else do you have?", "show me more", "anything else?", "more please", "other options?", "next", "any others?",
        "do you have more?", "and what else?", "can I see some more?", "more", "another list please", "something else?",
        "got other ideas?", "what other {many} are there?", "keep going", "some different ones please",
        "go on", "and others?", "have you got more where that came from?", "a few more, please", "what else", "give me five others", "continue",
        "show me the rest",
        "are there others?", "which others do you have",
    ),
    "none": (
        "none of these", "I don't like any of them", "no, none of those", "not what I'm looking for", "these are all wrong",
        "nothing here for me", "none of them appeals to me", "no, something completely different", "hmm, none fits",
        "I don't want any of these", "all of these are bad", "nope, try again",
        "not quite, none of those", "these don't do it for me", "sorry, no luck with these", "I'd pass on all of them", "meh, all of them",
    ),
    "all_seen": ("I know all of these already", "I've had them all", "seen all of those", "these are all old news to me"),
    "list_change": (
        "these are all {flaw}", "{change} please", "can you show me {change} ones?", "I need something {change}",
        "do you have anything {change}?", "all {flaw}, sorry", "something {change}?", "too bad, they are {flaw}",
        "make it {change}", "{change}?",
        "any {change} ones?", "a bit {change} if possible", "could they be {change}?", "is there anything {change}?", "I'd rather have it {change}",
        "hmm, they're {flaw}", "nothing {change}?",
    ),
    "add": (
        "also {wishes}", "and it should be {wishes}", "I forgot: {wishes}", "one more thing, {wishes}", "{wishes} too please",
        "ideally {wishes}", "oh, and {wishes}", "plus {wishes}", "which of them are {wishes}?", "but {wishes}", "only {wishes}",
        "does it come {wishes}? I want that", "{wishes} would be better", "can it be {wishes}?", "I'd prefer {wishes}",
        "that said, {wishes}", "preferably {wishes}", "by the way {wishes}", "it would also need to be {wishes}", "and {wishes}?",
        "oh wait, also {wishes}", "now only those {wishes}",
    ),
    "change": (
        "actually, {wishes} instead", "I changed my mind, {wishes}", "forget that, {wishes}", "no wait, rather {wishes}",
        "hm, let's try {wishes} instead", "on second thought {wishes}", "scratch that. {wishes}", "sorry, I meant {wishes}",
        "let's do something different: {wishes}", "no, {wishes}",
        "let's switch: {wishes}", "rather than that, {wishes}", "new plan: {wishes}", "you know what, {wishes}", "changed my mind: {wishes}",
        "ok different idea, {wishes}",
    ),
    "lift": (
        "{label} doesn't matter any more", "any {label} is fine", "never mind the {label}", "forget about the {label}",
        "I don't care about the {label} any more", "the {label} is not so important", "drop the {label}",
        "{label} can be anything now", "forget what I said about {label}", "{label} is up to you", "ignore the {label}", "no limit on {label}",
        "{label} is no must", "the {label} can go", "{label}? forget it", "don't bother about the {label}",
    ),
    "describe": (
        "tell me more about {ref}", "what is {ref} like?", "can you describe {ref}?", "more info on {ref} please",
        "what's the {label} of {ref}?", "is {ref} {value}?", "does {ref} have {value}?", "how about {ref}, what can you tell me about it?",
        "I'd like to know more about {ref}", "details of {ref}?", "what about {ref}?", "who is {ref} for?", "{ref}, is that any good?",
        "how is {ref}?", "what do you know about {ref}?", "why {ref}?", "{ref}: what's the {label}?", "{ref} sounds interesting, tell me more",
        "and the {label} of {ref}?", "never heard of {ref}, what is it?",
        "what's so special about {ref}?", "could you say a bit about {ref}?", "tell me about {ref}", "do you have details on {ref}?",
        "would {ref} be any good for {whom}?", "is {ref} worth it?", "give me the facts on {ref}", "what exactly is {ref}?",
        "how about {ref} then, is it {value}?", "does {ref} come with {value}?", "what {label} has {ref}?", "{ref}?",
        "is {ref} hard to use?", "how far is {ref}?", "does {ref} last?", "can I return {ref}?", "{ref} - what's the catch?", "will {ref} fit {whom}?", "how big is {ref}?", "when does {ref} start?", "whats the {label} on {ref}",
    ),
    "thanks": (
        "thanks", "thank you!", "thanks a lot", "great, thanks", "thank you so much for your help", "cheers", "awesome, thx", "ty",
        "that was helpful, thanks", "perfect, thank you", "you're the best", "ok thanks", "cool, thanks for the help",
        "many thanks, that's all", "lovely, thank you", "thanks, you've been a great help", "brilliant, cheers", "thank you, exactly what I needed",
        "thx!",
    ),
    "bye": (
        "bye", "that's all, goodbye", "I'm done, bye", "see you", "ok that's it for today", "have a nice day!", "good night", "gotta go",
        "let me think about it, bye", "I'll sleep on it", "not sure yet, I'll come back later", "I'll talk it over with {whom} first, bye",
        "ok I'm off",
    ),
    "smalltalk": (
        "how are you today?", "lol", "haha nice", "you're funny", "are you a robot?", "what's your name?", "it's raining here",
        "I had a long day", "do you ever sleep?", "my cat just jumped on the keyboard", "that's interesting", "ok", "cool", "wow",
        "I'm in a good mood today", "nice weather, isn't it?", "tell me a joke", "what do you like yourself?", "oh I see", "hm ok",
        "are you human?", "good question", "I see, interesting", "who made you?",
        "how's your day going?", "the coffee here is terrible", "you sound nice", "hmm interesting", "my train is late again", "haha",
        "guess what happened today", "I'm a bit bored", "so, what's new?", "do you like music?",
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
        "can you reserve a table for tonight?", "what's the exchange rate today?", "how tall is the Eiffel Tower?", "please fix my computer",
        "when will my parcel arrive?", "solve x squared equals nine", "who are you voting for?", "remind me to buy milk", "is my order on the way?",
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
        "I never take {value}", "I never ever go for {value}, keep it in mind", "{value} and I will never be friends, note that",
        "I don't do {value}, ever",
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
        "Thanks in advance.", "Hope you're having a nice day.", "Thank you so much, I appreciate it.", "Sorry to bother you.", "You're a star.",
        "Good to talk to you.", "No pressure.", "Thanks for taking the time.", "I'd be really grateful.", "Great service by the way.",
        "Hope this makes sense.", "You've been lovely so far.",
    ),
    "answer_odd": (
        "hm, something in between", "rather the usual kind", "depends on the season", "next month", "in the evening", "not too much of it",
        "whichever {whom} would like", "the normal sort", "more or less average", "I'd have to check", "like last time", "the first one you said",
        "somewhere in the middle", "something practical", "as simple as possible", "maybe later in the year", "a bit of everything",
    ),
    "number_flaw": (
        "{n} is {flaw}", "{n}? {flaw}", "{n} is way {flaw}", "hmm, {n} is a bit {flaw}", "{n} is {flaw} for me", "{n}, seriously? {flaw}",
        "with {n} it's {flaw}", "{n} is insane, {flaw}",
        "{n}??? {flaw}", "{n} is a touch {flaw}", "almost {n}, {flaw} for us", "{n}... {flaw}",
    ),
    "also_fine": (
        "or {value}", "{value} is fine too", "{value} would also work", "{value} as well", "I'd also take {value}", "or maybe {value}",
        "{value} is ok too", "could be {value} too",
    ),
    "compare": (
        "which of those is {change}?", "which one is {change}?", "which is the {change} one?", "is one of them {change} than the others?",
        "what's the {change} one among these?", "which of them has more {label}?",
    ),
    "describe_it": (
        "is it {value}?", "what's its {label}?", "does it have {value}?", "and the {label}?", "how about the {label}?", "would it suit {whom}?",
        "tell me more about it", "what else do you know about it?", "is it any good?", "and is it {value}?",
        "is it heavy?", "how long does it take?", "can I return it?", "when does it start?", "any downsides?", "does it include {value}?",
    ),
    "accept_it": (
        "wonderful, that one", "I'll take it", "sold", "yes, that's the one", "great, that one then", "we'll have it", "ok that one please",
        "sounds perfect, I'm in", "so that one", "yes please, that", "good, let's do it", "that works, I'll go with it",
    ),
    "reject_it": (
        "no, not that one", "that's not for me", "hm no, I don't like it", "not my thing", "no way", "I'd rather not", "nah, not this one",
    ),
    "limit_most": (
        "anything under {n}?", "{n} tops", "no more than {n}", "make it {n}", "I could go up to {n}", "under {n} then", "{n} or less?", "at most {n}",
        "and up to {n}?", "let's say {n} max", "hmm, below {n} please",
    ),
    "limit_least": ("at least {n} please", "{n} and up", "more than {n}?", "{n} or more then", "from {n} on", "no less than {n}"),
    "like_ask": (
        "{ref} looks nice. what's the {label}?", "{ref} could work, is it {value}?", "ooh, {ref}! does it have {value}?", "I like the look of {ref}, how about the {label}?",
        "{ref} sounds good, tell me more", "{ref} is tempting. {label}?",
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
THIS = ("it", "this one", "that one", "this", "that")
BY_VALUE = ("the {value} one", "the one with {value}", "the {value}", "that {value} one")
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
