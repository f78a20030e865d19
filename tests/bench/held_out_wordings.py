"""Wishes in other words than those of ``wordings.py`` and ``tests/understanding``, to see what holds for new ones."""

REFUSALS = (
    "black or whatever, as long as it isn't {colour}",
    "got plenty of {colour} stuff already, so another one",
    "{colour} does nothing for me",
    "a version that's not {colour}?",
    "my daughter refuses to wear {colour}",
    "spare me the {colour}",
    "I'm over {colour}",
    "non-{colour} please",
    "cannot do {colour}, sorry",
    "would like to steer clear of {colour}",
    "nothing {colour} this time",
    "the {colour} has to go",
)
CHATTY = (
    "hiya, quick question before I head off to the airport: do these exist in {colour}?",
    "First of all congrats on the new website! I was wondering if the {colour} ones are back",
    "so the thing is my sofa is beige and I need something that pops, I was thinking {colour}",
    "Ugh Mondays. Cheer me up with a {colour} one",
    "if I'm totally honest I have always pictured myself in {colour}, never dared though, time to try",
    "saw it at Anna's, she had it in {colour} and everybody complimented her the entire evening",
    "Please note that I would need it in {colour} because our choir dresses that way",
)
SLIPS = {
    "Black": ("balck", "blakc", "bleck"),
    "White": ("whit", "wihte", "whiet"),
    "Blue": ("blüe", "bule", "bluue"),
    "Red": ("reed", "rd"),
    "Green": ("greeen", "grean", "gren"),
    "Brown": ("broun", "brow", "brwn"),
    "Grey": ("greay", "geay", "graey"),
    "Pink": ("pimk", "pinc", "pikn"),
    "Purple": ("purpul", "puprle", "purpple"),
    "Yellow": ("yello", "yelow", "yeloww"),
    "Orange": ("oragne", "orang", "oranje"),
    "Beige": ("beigue", "baige"),
    "Maroon": ("maroone", "marroon"),
    "Navy Blue": ("navi blue", "navy bleu"),
}
SLIPPED = ("want it {colour}", "do u have {colour}", "smth {colour}", "{colour} one")
SHADES = {
    "claret": ("Maroon", "Burgundy", "Red"),
    "tomato red": ("Red",),
    "toffee": ("Tan", "Brown"),
    "eggshell": ("Off White", "Cream", "White"),
    "vanilla": ("Cream", "Off White", "Beige"),
    "amethyst": ("Purple", "Lavender"),
    "moss green": ("Olive", "Green"),
    "denim blue": ("Blue", "Navy Blue"),
    "espresso": ("Coffee Brown", "Brown"),
    "hot pink": ("Magenta", "Pink"),
    "slate": ("Grey", "Charcoal"),
    "wine red": ("Maroon", "Burgundy"),
    "ash grey": ("Grey", "Grey Melange"),
    "dusty rose": ("Pink", "Rose", "Peach"),
    "jet black": ("Black",),
    "sapphire": ("Blue", "Navy Blue"),
}
SHADED = ("thinking of {colour}", "is {colour} an option?", "rather {colour}")
KINDS = {
    "knit sweater": ("Sweaters",),
    "kicks": ("Sports Shoes", "Casual Shoes"),
    "running shoes": ("Sports Shoes",),
    "hand bag": ("Handbags",),
    "tee shirt": ("Tshirts",),
    "sun glasses": ("Sunglasses",),
    "knapsack": ("Backpacks", "Rucksacks"),
    "timepiece": ("Watches",),
    "gown": ("Dresses",),
    "high heels": ("Heels",),
    "slacks": ("Trousers",),
    "sweatpants": ("Track Pants",),
    "flipflops": ("Flip Flops",),
    "sari": ("Sarees",),
}
KIND_FORMS = ("could you turn this into a {kind}", "what {kind} would match?", "now a {kind}")
OCCASIONS = {
    "my fitness class": ("Sports",),
    "client meetings": ("Formal", "Smart Casual"),
    "my cousin's wedding": ("Party", "Ethnic", "Formal"),
    "a marathon": ("Sports",),
    "business trips": ("Formal", "Smart Casual", "Travel"),
    "diwali": ("Ethnic",),
}
OCCASION_FORMS = ("need it for {occasion}", "ok for {occasion}?", "more appropriate for {occasion}")
DARKER = {
    "Blue": ("Navy Blue", "Black"),
    "Grey": ("Charcoal", "Black"),
    "Red": ("Maroon", "Burgundy"),
    "Brown": ("Coffee Brown", "Black"),
    "Beige": ("Tan", "Brown", "Khaki", "Coffee Brown"),
    "Pink": ("Magenta", "Red", "Maroon", "Purple"),
}
LIGHTER = {
    "Navy Blue": ("Blue",),
    "Maroon": ("Red", "Pink"),
    "Charcoal": ("Grey", "Silver", "White"),
    "Brown": ("Tan", "Beige", "Khaki"),
    "Black": ("Grey", "Charcoal", "White"),
}
DARKER_FORMS = ("two shades darker", "I find it too light", "make it darker pls", "needs to be darker")
LIGHTER_FORMS = ("two shades lighter", "I find it too dark", "make it lighter pls", "needs to be lighter")
KEPT_COLOUR = (
    "in that colour I also need {kind}",
    "{kind} with an identical colour",
    "don't touch the colour, just give me {kind}",
    "matching {kind} of the same color",
)
SIMILAR = ("what else is like it?", "more of that sort", "something in this style", "anything close to this")
SEVERAL = (
    "for {people}: {kind}, {colour}",
    "need {colour} coloured {kind} ({people})",
    "{people}'s {kind} in {colour} colour",
    "some {kind} please, {colour} would be best, and for {people}",
)
PLAIN_KINDS = {
    "shirts": "Shirts",
    "tees": "Tshirts",
    "wrist watches": "Watches",
    "handbags": "Handbags",
    "sandals": "Sandals",
    "jeans": "Jeans",
    "belts": "Belts",
    "kurtas": "Kurtas",
    "sunglasses": "Sunglasses",
}
_COLOURS = {
    "de": {"Red": "rote", "Blue": "blaue", "Black": "schwarze", "White": "weiße", "Green": "grüne", "Brown": "braune"},
    "es": {"Red": "roja", "Blue": "azul", "Black": "negra", "White": "blanca", "Green": "verde", "Brown": "marrón"},
    "fr": {"Red": "rouge", "Blue": "bleue", "Black": "noire", "White": "blanche", "Green": "verte", "Brown": "marron"},
    "it": {"Red": "rossa", "Blue": "blu", "Black": "nera", "White": "bianca", "Green": "verde", "Brown": "marrone"},
    "pt": {
        "Red": "vermelha",
        "Blue": "azul",
        "Black": "preta",
        "White": "branca",
        "Green": "verde",
        "Brown": "castanha",
    },
    "nl": {"Red": "rode", "Blue": "blauwe", "Black": "zwarte", "White": "witte", "Green": "groene", "Brown": "bruine"},
    "pl": {"Red": "czerwona", "Blue": "niebieska", "Black": "czarna", "White": "biała", "Green": "zielona"},
    "tr": {"Red": "kırmızısı", "Blue": "mavisi", "Black": "siyahı", "White": "beyazı", "Green": "yeşili"},
    "zh": {"Red": "红的", "Blue": "蓝的", "Black": "黑的", "White": "白的", "Green": "绿的"},
    "ja": {"Red": "レッド", "Blue": "ブルー", "Black": "ブラック", "White": "ホワイト", "Green": "グリーン"},
}
_FORMS = {
    "de": ("mir wäre die {} Variante lieber", "und als {} Ausführung?"),
    "es": ("me quedo con la {}", "¿y la {}?"),
    "fr": ("je préférerais la {}", "et la {}, ça existe ?"),
    "it": ("preferirei quella {}", "e la versione {}?"),
    "pt": ("prefiro a {}", "e a versão {}?"),
    "nl": ("ik heb liever de {} versie", "en de {} uitvoering?"),
    "pl": ("wolę wersję, która jest {}", "a jest {}?"),
    "tr": ("bunun {} olsa", "{} var mı acaba"),
    "zh": ("换{}", "{}更好"),
    "ja": ("{}が好み", "色は{}で"),
}
LANGUAGES = {code: (_FORMS[code], names) for code, names in _COLOURS.items()}
BRANDS = ("anything by {}?", "swap it for {}", "do {} make these", "{} preferred")
