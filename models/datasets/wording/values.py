"""Values of known attributes in words: "sleeveless", "with long sleeves", "for my daughter"."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Saying:
    """Patterns of one value.

    Attributes:
        adjective: Before a noun and after "is": ``"long-sleeved"``; may be empty.
        phrase: After a noun: ``"with long sleeves"``.
        fragment: Alone and after "want": ``"long sleeves"``.
    """

    adjective: str
    phrase: str
    fragment: str


SAYINGS: dict[str, dict[str, Saying]] = {
    "gender": {
        "men": Saying(
            "[men's|mens|male|men's|gents']",
            "for [men|men|a man|him|guys|my husband|my boyfriend|my dad|my brother|a guy|gents]",
            "[men's|the men's version|men's version|mens|men|a men's one|menswear|the men's one]",
        ),
        "women": Saying(
            "[women's|womens|female|women's|ladies'|ladies]",
            "for [women|women|a woman|her|ladies|my wife|my girlfriend|my [mum|mom]|my sister]",
            "[women's|the women's version|women's version|womens|women|a women's one|ladies' version|the ladies' one]",
        ),
        "boys": Saying(
            "[boys'|boys|boy's]",
            "for [boys|boys|a boy|my son|my little boy|a little boy|young boys|my nephew]",
            "[boys'|the boys' version|boys' version|boys|a boys' one|boys' size|little boys' version]",
        ),
        "girls": Saying(
            "[girls'|girls|girl's]",
            "for [girls|girls|a girl|my daughter|my little girl|a little girl|young girls|my niece]",
            "[girls'|the girls' version|girls' version|girls|a girls' one|girls' size|little girls' version]",
        ),
        "unisex": Saying(
            "[unisex|unisex|gender-neutral]",
            "for [everyone|anyone|both men and women|men and women alike|any gender|him or her]",
            "[unisex|a unisex one|the unisex version|unisex version|something unisex]",
        ),
    },
    "usage": {
        "casual": Saying(
            "[casual|casual|more casual|everyday|laid-back|relaxed|less dressy]",
            "for [everyday wear|casual wear|every day|the weekend|daily use|casual days|going out casually]",
            "[casual|something casual|more casual|a casual one|a casual style|everyday wear]",
        ),
        "formal": Saying(
            "[formal|formal|more formal|dressier|dressy|elegant]",
            "for [the office|work|formal wear|a formal occasion|business|formal occasions|a job interview]",
            "[formal|something formal|more formal|a formal one|a formal style|office wear|formal wear]",
        ),
        "sports": Saying(
            "[sporty|sporty|athletic|more sporty|sports]",
            "for [sports|sport|the gym|running|training|working out|exercise|playing sports]",
            "[sporty|something sporty|more sporty|a sports version|sportswear|an athletic style|sports]",
        ),
        "ethnic": Saying(
            "[ethnic|traditional|more traditional|more ethnic]",
            "[in an ethnic style|for a traditional occasion|for ethnic wear|with an ethnic look]",
            "[ethnic|ethnic wear|something traditional|an ethnic style|a traditional one|traditional wear]",
        ),
        "party": Saying(
            "[party|festive|glamorous|more festive]",
            "for [a party|parties|a night out|partying|an evening out|party wear|a celebration]",
            "[party wear|something for a party|a party look|a party version|something festive]",
        ),
        "smart casual": Saying(
            "[smart casual|smart-casual|smart yet casual]",
            "[for smart casual wear|for a smart casual look|for a smart casual occasion|in a smart casual style]",
            "[smart casual|something smart casual|a smart casual look|a smart casual one]",
        ),
        "travel": Saying(
            "[travel|travel-ready|travel-friendly]",
            "for [travel|travelling|trips|a trip|holidays|journeys|the road]",
            "[travel|something for travel|a travel version|one for travelling|one for trips]",
        ),
    },
    "season": {
        "summer": Saying(
            "[summer|summery|more summery]",
            "for [summer|the summer|hot weather|warm days|hot days|warm weather]",
            "[summer|something summery|a summer version|summer wear|the summer collection]",
        ),
        "winter": Saying(
            "[winter|wintery|more wintery]",
            "for [winter|the winter|cold weather|cold days|the cold months]",
            "[winter|something for winter|a winter version|winter wear|the winter collection]",
        ),
        "fall": Saying(
            "[autumn|fall|autumnal]",
            "for [autumn|fall|the autumn|cooler days|the fall season]",
            "[autumn|fall|something for autumn|a fall version|the fall collection|the autumn collection]",
        ),
        "spring": Saying(
            "[spring|springlike]",
            "for [spring|the spring|mild weather|spring days|springtime]",
            "[spring|something for spring|a spring version|the spring collection]",
        ),
    },
    "pattern": {
        "plain": Saying(
            "[plain|solid|solid-coloured|unpatterned|simple plain|single-coloured]",
            "[without [a|any] [pattern|print]|with no [pattern|print]|in a [solid|plain] colour|in one solid colour]",
            "[plain|no [pattern|print]|a plain one|solid colour|a solid colour|one plain colour|just plain]",
        ),
        "striped": Saying(
            "[striped|stripy|stripey|striped]",
            "with [stripes|stripes|a striped pattern|a stripe pattern|stripes on it|stripes all over]",
            "[stripes|a striped pattern|stripes on it|a stripe pattern|striped|stripes all over]",
        ),
        "checked": Saying(
            "[checked|checkered|plaid|chequered|checked]",
            "with [checks|a checked pattern|a check pattern|a plaid pattern|a checkered pattern|a check print]",
            "[checks|a checked pattern|a check pattern|plaid|a plaid print|checked]",
        ),
        "dotted": Saying(
            "[dotted|polka dot|spotted|polka-dotted|dotted]",
            "with [dots|polka dots|a dotted pattern|spots|a polka dot print|dots on it|dots all over]",
            "[dots|polka dots|a dotted pattern|spots|a polka dot print|dots on it]",
        ),
        "floral": Saying(
            "[floral|flowery|flowered|floral|flower-print]",
            "with [flowers|a floral print|a floral pattern|a flower print|flowers on it|a flowery pattern]",
            "[flowers|a floral print|a floral pattern|a flower print|floral|flowers on it]",
        ),
        "colour-block": Saying(
            "[colour-block|colour-blocked|two-tone|two-coloured|colour block]",
            "with [colour blocks|colour blocking|two blocks of colour|a colour-block design|two colours in blocks]",
            "[colour blocks|colour blocking|a colour-block design|two-tone|two blocks of colour]",
        ),
    },
    "sleeve": {
        "sleeveless": Saying(
            "sleeveless",
            "[without sleeves|with no sleeves|without any sleeves|in a sleeveless cut]",
            "[no sleeves|sleeveless|no sleeves at all|a sleeveless cut]",
        ),
        "short": Saying(
            "[short-sleeved|short sleeved|short-sleeve|short sleeve]",
            "with [short sleeves|short sleeves|sleeves that are short|short arms|t-shirt sleeves]",
            "[short sleeves|short sleeves|short sleeve|sleeves that are short]",
        ),
        "three-quarter": Saying(
            "[three-quarter-sleeved|three-quarter sleeve|3/4 sleeve|elbow-length-sleeved]",
            "with [three-quarter sleeves|3/4 sleeves|three quarter sleeves|mid-length sleeves|elbow-length sleeves|"
            "half-long sleeves]",
            "[three-quarter sleeves|3/4 sleeves|three quarter sleeves|mid-length sleeves|half-long sleeves]",
        ),
        "long": Saying(
            "[long-sleeved|long sleeved|long-sleeve|long sleeve]",
            "with [long sleeves|long sleeves|full sleeves|full-length sleeves|sleeves down to the wrist]",
            "[long sleeves|long sleeves|full sleeves|full-length sleeves|long sleeve]",
        ),
    },
    "length": {
        "mini": Saying(
            "[mini|mini-length|very short|thigh-length]",
            "[in mini length|in a mini length|ending above the knee|with a very short hem]",
            "[mini|a mini one|mini length|above the knee]",
        ),
        "knee-length": Saying(
            "[knee-length|knee length|knee-long]",
            "[in knee length|that ends at the knee|down to the knee|with a knee-length hem|reaching the knees]",
            "[knee-length|knee length|down to the knees|to the knee]",
        ),
        "midi": Saying(
            "[midi|midi-length|mid-length|calf-length]",
            "[in midi length|in a midi length|with a midi hem|down to the calf|that ends below the knee]",
            "[midi|midi length|a midi one|below the knee|to mid-calf]",
        ),
        "maxi": Saying(
            "[maxi|ankle-length|floor-length|full-length]",
            "[in maxi length|in a maxi length|down to the ankles|that reaches the floor|with a maxi hem]",
            "[maxi|maxi length|a maxi one|to the floor|down to the ankles|floor length]",
        ),
        "cropped": Saying(
            "[cropped|cropped|crop]",
            "[in a cropped length|with a cropped cut|in a cropped cut|with a cropped hem|in a cropped style]",
            "[cropped|a cropped one|a cropped cut|cropped length]",
        ),
        "regular": Saying(
            "[regular-length|normal-length|hip-length|standard length]",
            "[in regular length|in a normal length|with a regular hem|in standard length|down to the hips]",
            "[regular length|normal length|a regular length|standard length]",
        ),
        "long": Saying(
            "[long|longline|extra-long]",
            "[in a long cut|in a longline cut|with a long hem|in a long length|that goes below the hips]",
            "[long|a long one|longline|a long cut|a long length]",
        ),
        "shorts": Saying(
            "[above-the-knee|shorts-length|short]",
            "[as shorts|cut to shorts|in shorts length|that end above the knee]",
            "[shorts|shorts length|a shorts version|as shorts]",
        ),
        "full-length": Saying(
            "[full-length|full length|ankle-length|long]",
            "[in full length|with full-length legs|with long legs|down to the ankles|with full legs]",
            "[full length|full-length legs|long legs|full-length|all the way down]",
        ),
    },
    "neckline": {
        "round": Saying(
            "[round-neck|crew-neck|round neck|crew neck]",
            "with a [round neck|round neckline|crew neck|rounded neckline|round collarless neck]",
            "[a round neck|a round neckline|crew neck|round neck|a crew neck]",
        ),
        "v-neck": Saying(
            "[v-neck|v neck|v-necked]",
            "with a [v-neck|v neck|v-neckline|v-shaped neck|v-shaped neckline]",
            "[v-neck|a v-neck|a v neckline|a v-shaped neckline|v neck]",
        ),
        "square": Saying(
            "[square-neck|square neck|square-necked]",
            "with a [square neck|square neckline|square-cut neckline|square neck line]",
            "[a square neck|a square neckline|square neck|square neckline]",
        ),
        "collar": Saying(
            "[collared|collared|shirt-collar]",
            "with a [collar|collar|shirt collar|proper collar|classic collar]",
            "[a collar|a shirt collar|collar|collared|a proper collar]",
        ),
        "turtleneck": Saying(
            "[turtleneck|turtle-neck|high-neck|roll-neck|polo-neck]",
            "with a [turtleneck|turtle neck|high neck|roll neck|polo neck]",
            "[turtleneck|a turtleneck|a high neck|a roll neck|turtle neck]",
        ),
    },
    "fit": {
        "slim": Saying(
            "[slim|slim-fit|slim fit|fitted|tight|close-fitting|skinny]",
            "[with a slim fit|in a slim fit|in a slim cut|with a fitted shape|in a close fit|with a tight fit]",
            "[slim fit|a slim fit|slim|a fitted shape|a tighter cut|fitted]",
        ),
        "regular": Saying(
            "[regular-fit|regular fit|normal-fit|straight]",
            "[with a regular fit|in a regular fit|in a normal cut|with a normal fit|in a straight cut]",
            "[regular fit|a regular fit|a normal fit|a normal cut|a straight cut]",
        ),
        "loose": Saying(
            "[loose|loose-fitting|baggy|relaxed|oversized|roomy|wide]",
            "[with a loose fit|in a loose fit|in a relaxed fit|in a loose cut|with a baggy fit|in an oversized fit]",
            "[loose fit|a loose fit|a relaxed fit|baggy|oversized|a loose cut]",
        ),
    },
    "heel": {
        "flat": Saying(
            "[flat|flat|heelless|flat-soled]",
            "[with [flat heels|no heel|a flat heel|a flat sole|flat soles]|without [a heel|heels]]",
            "[flat|no heel|flats|a flat sole|no heels|flat soles]",
        ),
        "mid": Saying(
            "[mid-heel|mid-heeled|medium-heeled]",
            "with [a mid heel|medium heels|a medium heel|a mid-height heel|mid-height heels]",
            "[a mid heel|a medium heel|medium heels|mid heels|a mid-height heel]",
        ),
        "high": Saying(
            "[high-heeled|high-heel|high heeled]",
            "with [a high heel|high heels|high heels|tall heels]",
            "[high heels|a high heel|high heel|tall heels]",
        ),
    },
}
