"""Wishes as people word them, by the way in which they are said; none of them stands in ``tests/understanding``."""

REFUSALS = (
    "please not {colour}",
    "whatever, only no {colour}",
    "it can be anything but {colour}",
    "I never wear {colour}",
    "hmm, {colour} isn't for me",
    "not in {colour} though",
    "any except {colour}",
    "I'd rather avoid {colour}",
    "without any {colour}",
    "this one is nice but I don't want it {colour}",
)
CHATTY = (
    "Good evening! We're throwing a party for my grandmother next weekend and this would be ideal, if it were {colour}",
    "ok so hear me out, same thing, but {colour}, is that possible?",
    "I saw a woman on the train wearing one of those in {colour} and I can't stop thinking about it",
    "my flatmate says {colour} brings out my eyes so could you show me that one please",
    "really like how this looks, sadly not my shade, do you happen to stock a {colour} one?",
    "been meaning to treat myself after a long month... {colour} would make my day :)",
)
SLIPS = {
    "Black": ("blck", "blakk"),
    "White": ("whtie", "wite"),
    "Blue": ("bleu", "blu"),
    "Red": ("rde", "redd"),
    "Green": ("gren", "geen"),
    "Brown": ("brwon", "bown"),
    "Grey": ("grye", "gery"),
    "Pink": ("pnik", "pinnk"),
    "Purple": ("pruple", "purpel"),
    "Yellow": ("yelow", "yellwo"),
    "Orange": ("ornage", "orenge"),
    "Beige": ("biege", "bege"),
    "Maroon": ("marron", "maroom"),
    "Navy Blue": ("nvy blue", "navvy"),
}
SLIPPED = ("in {colour}", "i need it {colour}", "a {colour} one", "{colour} pls")
SHADES = {
    "crimson": ("Red", "Maroon", "Burgundy"),
    "ruby": ("Red", "Maroon", "Burgundy"),
    "camel": ("Tan", "Beige", "Brown"),
    "ivory": ("Off White", "Cream", "White"),
    "ecru": ("Off White", "Cream", "Beige"),
    "lilac": ("Lavender", "Purple"),
    "bottle green": ("Green", "Olive"),
    "midnight blue": ("Navy Blue",),
    "chocolate": ("Coffee Brown", "Brown"),
    "fuchsia": ("Magenta", "Pink"),
    "anthracite": ("Charcoal", "Grey"),
    "oxblood": ("Maroon", "Burgundy"),
    "cognac": ("Tan", "Brown"),
    "blush": ("Pink", "Peach", "Rose"),
    "aubergine": ("Purple",),
}
SHADED = ("what about {colour}?", "{colour} would be lovely", "got this in {colour}?")
KINDS = {
    "jumper": ("Sweaters",),
    "pullover": ("Sweaters", "Sweatshirts"),
    "trainers": ("Sports Shoes", "Casual Shoes"),
    "sneakers": ("Sports Shoes", "Casual Shoes"),
    "purse": ("Handbags", "Clutches", "Wallets"),
    "tee": ("Tshirts",),
    "sunnies": ("Sunglasses",),
    "rucksack": ("Backpacks", "Rucksacks"),
    "wristwatch": ("Watches",),
    "frock": ("Dresses",),
    "stilettos": ("Heels",),
    "denims": ("Jeans",),
    "joggers": ("Track Pants",),
    "billfold": ("Wallets",),
}
KIND_FORMS = ("actually looking for {kind}", "{kind} in the same spirit", "make that {kind}")
OCCASIONS = {
    "the gym": ("Sports",),
    "a job interview": ("Formal", "Smart Casual"),
    "a wedding": ("Party", "Ethnic", "Formal"),
    "working out": ("Sports",),
    "the boardroom": ("Formal", "Smart Casual"),
    "jogging": ("Sports",),
    "a night out": ("Party",),
}
OCCASION_FORMS = ("can I wear it for {occasion}?", "something suited to {occasion}", "this, but for {occasion}")
DARKER = {
    "Blue": ("Navy Blue", "Black"),
    "Grey": ("Charcoal", "Black"),
    "Red": ("Maroon", "Burgundy"),
    "Brown": ("Coffee Brown", "Black"),
    "Pink": ("Magenta", "Red", "Maroon", "Purple"),
    "Beige": ("Tan", "Brown", "Khaki", "Coffee Brown"),
    "Khaki": ("Olive", "Brown"),
    "Yellow": ("Mustard",),
    "Lavender": ("Purple",),
    "Off White": ("Beige", "Tan", "Khaki", "Grey"),
}
LIGHTER = {
    "Navy Blue": ("Blue",),
    "Maroon": ("Red", "Pink"),
    "Charcoal": ("Grey", "Silver", "White"),
    "Black": ("Grey", "Charcoal", "White"),
    "Brown": ("Tan", "Beige", "Khaki"),
    "Olive": ("Green", "Khaki"),
    "Purple": ("Lavender", "Pink", "Mauve"),
    "Grey": ("Silver", "White", "Off White", "Grey Melange"),
}
DARKER_FORMS = ("could it be a touch darker", "a deeper tone", "it's far too bright for winter", "less light")
LIGHTER_FORMS = ("could it be a touch lighter", "a paler tone", "it's way too dark", "not so dark")
KEPT_COLOUR = (
    "keep the colour but show me {kind}",
    "{kind} in this very same colour",
    "I want {kind}, colour as it is: same colour",
    "the same shade, but {kind}",
)
SIMILAR = (
    "anything along these lines?",
    "show me more like this",
    "got something comparable?",
    "similar ones please",
)
SEVERAL = (
    "{colour} {kind} for {people}",
    "I want {kind}: {colour}, {people}",
    "{people}, {colour}, {kind} please",
    "{kind} in {colour}, they're for {people}",
)
PLAIN_KINDS = {
    "shirts": "Shirts",
    "t-shirts": "Tshirts",
    "watches": "Watches",
    "handbags": "Handbags",
    "sandals": "Sandals",
    "jeans": "Jeans",
    "tops": "Tops",
    "casual shoes": "Casual Shoes",
    "belts": "Belts",
    "kurtas": "Kurtas",
}
LANGUAGES = {
    "de": (
        ("hätten Sie das eventuell auch in {}?", "lieber in {}", "das gleiche, nur {}"),
        {"Red": "rot", "Blue": "blau", "Black": "schwarz", "White": "weiß", "Green": "grün", "Brown": "braun"},
    ),
    "es": (
        ("¿lo hay también en {}?", "mejor en {}", "ese mismo pero {}"),
        {"Red": "rojo", "Blue": "azul", "Black": "negro", "White": "blanco", "Green": "verde", "Brown": "marrón"},
    ),
    "fr": (
        ("vous l'auriez en {} ?", "plutôt en {}", "le même mais {}"),
        {"Red": "rouge", "Blue": "bleu", "Black": "noir", "White": "blanc", "Green": "vert", "Brown": "marron"},
    ),
    "it": (
        ("ce l'avreste in {}?", "meglio in {}", "uguale ma {}"),
        {"Red": "rosso", "Blue": "blu", "Black": "nero", "White": "bianco", "Green": "verde", "Brown": "marrone"},
    ),
    "pt": (
        ("haveria em {}?", "de preferência em {}", "igual, só que {}"),
        {"Red": "vermelho", "Blue": "azul", "Black": "preto", "White": "branco", "Green": "verde", "Brown": "castanho"},
    ),
    "nl": (
        ("is deze er ook in het {}?", "doe maar {}", "precies zo, maar dan {}"),
        {"Red": "rood", "Blue": "blauw", "Black": "zwart", "White": "wit", "Green": "groen", "Brown": "bruin"},
    ),
    "pl": (
        ("czy znajdzie się {}?", "raczej {}", "taki sam, tylko {}"),
        {
            "Red": "czerwony",
            "Blue": "niebieski",
            "Black": "czarny",
            "White": "biały",
            "Green": "zielony",
            "Brown": "brązowy",
        },
    ),
    "tr": (
        ("bunun {} olanı var mı?", "{} tercih ederim", "aynısı ama {}"),
        {"Red": "kırmızı", "Blue": "mavi", "Black": "siyah", "White": "beyaz", "Green": "yeşil", "Brown": "kahverengi"},
    ),
    "zh": (
        ("请问有{}的吗", "想要{}", "一样的，但是{}"),
        {"Red": "红色", "Blue": "蓝色", "Black": "黑色", "White": "白色", "Green": "绿色", "Brown": "棕色"},
    ),
    "ja": (
        ("{}もありますか", "{}の方がいい", "これの{}版"),
        {"Red": "赤", "Blue": "青", "Black": "黒", "White": "白", "Green": "緑", "Brown": "茶色"},
    ),
}
BRANDS = ("have you got one from {}", "I only buy {}", "{} please", "the {} one")
