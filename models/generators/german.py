"""The German words of the second language, and the forms that gender and case ask for."""

NAMES = """Jürgen Käthe Günther Bärbel Friedrich Ursula Heinrich Gisela Matthias Brigitte Stefan Monika
Wolfgang Renate Thomas Jutta""".split()
FEMALE = set("Käthe Bärbel Ursula Gisela Brigitte Monika Renate Jutta".split())
TOWNS = "Köln München Lübeck Würzburg Dresden Hamburg Erfurt Görlitz Freiburg Kassel".split()
JOBS = {"m": "Bäcker Lehrer Schneider Fischer Müller Maler Richter Gärtner".split(),
        "f": "Bäckerin Lehrerin Schneiderin Fischerin Müllerin Malerin Richterin Gärtnerin".split()}

# noun, gender
THINGS = [tuple(pair.split(":")) for pair in """Apfel:m Ball:m Brief:m Hut:m Korb:m Schlüssel:m Stuhl:m Tisch:m
Löffel:m Ring:m Mantel:m Teller:m Koffer:m Spiegel:m Stein:m Schirm:m Kuchen:m Käse:m Hammer:m Schuh:m
Blume:f Flasche:f Gabel:f Glocke:f Kerze:f Lampe:f Karte:f Tasche:f Uhr:f Tür:f Brücke:f Münze:f Feder:f
Tasse:f Decke:f Leiter:f Trommel:f Zeitung:f Säge:f Brille:f Buch:n Bild:n Brot:n Fenster:n Messer:n Glas:n
Kissen:n Rad:n Schwert:n Seil:n Kleid:n Boot:n Hemd:n Ei:n Netz:n Paket:n Fass:n Geschenk:n Radio:n
Spielzeug:n""".split()]
BEINGS = [tuple(pair.split(":")) for pair in """Hund:m Vogel:m Wolf:m König:m Ritter:m Wächter:m Dieb:m Zwerg:m
Zauberer:m Bruder:m Katze:f Maus:f Kuh:f Königin:f Hexe:f Nachbarin:f Schwester:f Großmutter:f Eule:f Spinne:f
Kind:n Pferd:n Schaf:n Mädchen:n Huhn:n Schwein:n Kaninchen:n Tier:n""".split()]
PLACES = [tuple(pair.split(":")) for pair in """Garten:m Wald:m Markt:m Turm:m Keller:m Hafen:m Bahnhof:m Stall:m
Küche:f Schule:f Kirche:f Stadt:f Scheune:f Höhle:f Straße:f Wiese:f Werkstatt:f Dorf:n Haus:n Feld:n Schloss:n
Museum:n Theater:n Tal:n""".split()]

ADJECTIVES = """alt neu klein groß rot grün blau schwarz weiß schwer leicht schön hässlich warm kalt jung klug
dumm freundlich böse müde traurig fröhlich reich arm still laut tief rund kaputt sauber schmutzig leer voll
fremd berühmt geheim golden hölzern glücklich""".split()
# infinitive, third person present, third person past, participle
TRANSITIVE = [tuple(forms.split(":")) for forms in """finden:findet:fand:gefunden suchen:sucht:suchte:gesucht
kaufen:kauft:kaufte:gekauft verkaufen:verkauft:verkaufte:verkauft tragen:trägt:trug:getragen
bringen:bringt:brachte:gebracht sehen:sieht:sah:gesehen hören:hört:hörte:gehört nehmen:nimmt:nahm:genommen
halten:hält:hielt:gehalten öffnen:öffnet:öffnete:geöffnet schließen:schließt:schloss:geschlossen
malen:malt:malte:gemalt bauen:baut:baute:gebaut verstecken:versteckt:versteckte:versteckt
verlieren:verliert:verlor:verloren putzen:putzt:putzte:geputzt holen:holt:holte:geholt werfen:wirft:warf:geworfen
fangen:fängt:fing:gefangen lieben:liebt:liebte:geliebt brauchen:braucht:brauchte:gebraucht
stehlen:stiehlt:stahl:gestohlen tauschen:tauscht:tauschte:getauscht zeigen:zeigt:zeigte:gezeigt
vergessen:vergisst:vergaß:vergessen zählen:zählt:zählte:gezählt wiegen:wiegt:wog:gewogen""".split()]
INTRANSITIVE = [tuple(forms.split(":")) for forms in """schlafen:schläft:schlief:geschlafen
singen:singt:sang:gesungen tanzen:tanzt:tanzte:getanzt warten:wartet:wartete:gewartet
lachen:lacht:lachte:gelacht weinen:weint:weinte:geweint spielen:spielt:spielte:gespielt
arbeiten:arbeitet:arbeitete:gearbeitet träumen:träumt:träumte:geträumt stehen:steht:stand:gestanden
sitzen:sitzt:saß:gesessen rufen:ruft:rief:gerufen""".split()]
ADVERBS = """oft nie immer langsam schnell leise heimlich gern plötzlich wieder zusammen allein morgens abends
heute gestern endlich vorsichtig""".split()
PREPOSITIONS = "in hinter vor neben unter über an".split()
DAYS = "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split()

ARTICLES = {("m", "nom"): "der", ("f", "nom"): "die", ("n", "nom"): "das",
            ("m", "acc"): "den", ("f", "acc"): "die", ("n", "acc"): "das",
            ("m", "dat"): "dem", ("f", "dat"): "der", ("n", "dat"): "dem"}
INDEFINITE = {("m", "nom"): "ein", ("f", "nom"): "eine", ("n", "nom"): "ein",
              ("m", "acc"): "einen", ("f", "acc"): "eine", ("n", "acc"): "ein",
              ("m", "dat"): "einem", ("f", "dat"): "einer", ("n", "dat"): "einem"}
RELATIVE = {"m": "den", "f": "die", "n": "das"}


def adjective_ending(gender, case, definite):
    """Weak declension after `der`, mixed after `ein`; singular only."""
    if case == "dat" or (gender, case) == ("m", "acc"):
        return "en"
    if definite or gender == "f":
        return "e"
    return "er" if gender == "m" else "es"
