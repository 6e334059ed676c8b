### Die Worte von Doorward auf Deutsch. Wie Meldungen geschrieben werden, steht am Anfang von en.ftl.

language-name = Deutsch

## Überall

sign-in = Anmelden
sign-out = Abmelden
create-account = Konto anlegen
create-an-account = Konto anlegen
your-account = Ihr Konto
e-mail = E-Mail
email-address = E-Mail-Adresse
password = Passwort
name = Name
or = oder
and = und
continue = Weiter
go-on = Weiter
error-in = Fehler: { $title }
show = Zeigen
hide = Verbergen
show-password = Passwort zeigen
hide-password = Passwort verbergen
privacy-policy-of = Datenschutzerklärung von <span class="name">{ $client }</span>
terms-of = Nutzungsbedingungen von <span class="name">{ $client }</span>
to-continue-to = weiter zu <strong class="name">{ $client }</strong>
signed-in-as = Sie sind als <strong>{ $person }</strong> angemeldet.
sign-in-another-way = Anders anmelden

just-now = gerade eben
minutes-ago = { $count ->
    [one] vor einer Minute
   *[other] vor { $count } Minuten
}
hours-ago = { $count ->
    [one] vor einer Stunde
   *[other] vor { $count } Stunden
}
days-ago = { $count ->
    [one] vor einem Tag
   *[other] vor { $count } Tagen
}
months-ago = { $count ->
    [one] vor einem Monat
   *[other] vor { $count } Monaten
}
years-ago = { $count ->
    [one] vor einem Jahr
   *[other] vor { $count } Jahren
}
try-again-later = Versuchen Sie es später noch einmal.
try-again-in-minutes = { $count ->
    [one] Versuchen Sie es in einer Minute noch einmal.
   *[other] Versuchen Sie es in { $count } Minuten noch einmal.
}
try-again-in-hours = { $count ->
    [one] Versuchen Sie es in einer Stunde noch einmal.
   *[other] Versuchen Sie es in { $count } Stunden noch einmal.
}

## Anmelden

confirm-that-it-is-you = Bestätigen Sie, dass Sie es sind
sign-in-once-more = Sie sind als <strong>{ $person }</strong> angemeldet. Melden Sie sich noch einmal an, dann geht es weiter.
sign-in-to-link = Melden Sie sich bei dem Konto an, das Sie hier haben. Dann können Sie es mit <strong class="name">{ $provider }</strong> verknüpfen.
no-account-yet = Noch kein Konto?
create-one = Konto anlegen
sign-in-with = Anmelden mit <span class="name">{ $provider }</span>
last-used-here = Zuletzt benutzt

## Was nicht weitergeht

request-does-not-work = Eine Anfrage, die nicht geht
client-made-a-mistake = <span class="name">{ $client }</span> hat einen Fehler gemacht
application-made-a-mistake = Die Anwendung hat einen Fehler gemacht
client-must-mend-it = <strong class="name">{ $client }</strong> hat Sie mit einer Anfrage hierher geschickt, die nicht beantwortet werden kann. An Ihnen liegt es nicht, und ein neuer Versuch hilft nicht: Der Betreiber der Anwendung muss es in Ordnung bringen.
application-must-mend-it = Eine Anwendung hat Sie mit einer Anfrage hierher geschickt, die nicht beantwortet werden kann. An Ihnen liegt es nicht, und ein neuer Versuch hilft nicht: Der Betreiber der Anwendung muss es in Ordnung bringen.
please-try-again = Versuchen Sie es noch einmal
server-cannot-answer = Der Server kann gerade nicht antworten. Warten Sie einen Moment, und laden Sie die Seite neu.
something-broke = Etwas ist kaputt
server-failed = Der Server hat einen Fehler gemacht. Sein Betreiber findet den Grund unter der Nummer, die unten steht.
provider-does-not-answer = Der Anbieter antwortet nicht
you-are-not-signed-in = Sie sind nicht angemeldet
please-wait = Bitte warten Sie ein wenig
that-did-not-work = Das hat nicht geklappt
you-are-done-here = Sie sind hier fertig
that-was-too-long-ago = Das ist zu lange her
this-began-elsewhere = Das hat anderswo begonnen
this-was-done-before = Das ist schon geschehen
it-is-linked-already = Es ist schon verknüpft
it-is-your-only-way-in = Es ist Ihr einziger Weg
cookies-are-needed = Cookies werden gebraucht
nothing-here = Hier ist nichts
no-new-accounts = Keine neuen Konten
account-is-switched-off = Dieses Konto ist abgeschaltet
account-is-leaving = Dieses Konto ist geschlossen
request-number = Anfrage <code>{ $trace }</code>
error-code = Fehler <code>{ $code }</code>
error-and-request = Fehler <code>{ $code }</code>, Anfrage <code>{ $trace }</code>
start-again-at = Bei <span class="name">{ $client }</span> neu beginnen
go-to = Zu <span class="name">{ $client }</span>
go-back-to-and-start-again = Gehen Sie zurück zu <strong class="name">{ $client }</strong>, und beginnen Sie dort neu.
go-back-and-start-again = Gehen Sie zurück zur Anwendung, und beginnen Sie dort neu.
for-whoever-runs-the-application = Für den Betreiber der Anwendung
technical-details = Technische Einzelheiten
send-me-a-code = Code senden
a-code-goes-to = Auch ein Code beweist es, den wir per E-Mail an <strong>{ $address }</strong> senden.
cannot-tell-when = { $provider } kann nicht sagen, wann Sie sich dort angemeldet haben, und lässt Sie vielleicht ohne Nachfrage durch. Es zählt, dass Sie jetzt dorthin gehen und zurückkommen.

## Zustimmen

allow-access = Zugriff erlauben?
asks-for-access = <span class="name">{ $client }</span> bittet um Zugriff
if-you-allow-it = Wenn Sie es erlauben, kann diese Anwendung:
allowed-before = schon erlaubt
a-name = <strong class="name">{ $name }</strong>
it-uses-on-your-behalf = Sie benutzt in Ihrem Namen { $apis }.
afterwards-to = Danach geht Ihr Browser zu <strong>{ $destination }</strong>.
any-application-can-claim = Jede Anwendung auf diesem Gerät kann sich als diese ausgeben: Erlauben Sie nur, was Sie gerade selbst begonnen haben.
allow = Erlauben
deny = Ablehnen
details = Einzelheiten
in-words-of-the-protocol = In den Worten des Protokolls bittet die Anwendung um { $scopes }.
not-you = Sind Sie das nicht?
sign-in-as-someone-else = Als jemand anderes anmelden

scope-openid = Sie wiedererkennen, wenn Sie wiederkommen
scope-profile = Ihren Namen und Ihr Profil sehen
scope-email = Ihre E-Mail-Adresse sehen
scope-address = Ihre Postanschrift sehen
scope-phone = Ihre Telefonnummer sehen
scope-roles = Ihre Rollen hier sehen
scope-offline-access = Diesen Zugriff behalten, während Sie nicht da sind
scope-use = { $scope } benutzen

## Unterwegs

back-to-the-application = Zurück zur Anwendung
one-moment = Einen Moment
goes-on-to = Ihr Browser geht weiter zu <strong>{ $destination }</strong>.
goes-on-by-itself = Es geht von selbst weiter.

## Abmelden

sign-out-question = Abmelden?
asks-to-sign-you-out = <strong class="name">{ $client }</strong> möchte Sie abmelden.
stay-signed-in = Angemeldet bleiben
signed-out = Abgemeldet
you-are-signed-out = Sie sind abgemeldet
nobody-is-signed-in = In diesem Browser ist jetzt niemand bei { $brand } angemeldet.
may-still-be-signed-in-there = Sie kamen über <strong class="name">{ $provider }</strong> und sind dort vielleicht noch angemeldet: Dann kommt der Nächste, der diesen Browser benutzt, als Sie herein.
sign-out-there-as-well = Melden Sie sich auch dort ab, es sei denn, der Browser gehört Ihnen allein.
sign-out-of-too = Auch bei <span class="name">{ $provider }</span> abmelden
sign-in-again = Wieder anmelden

## Über einen Anbieter

link-your-account-question = Ihr Konto bei { $provider } verknüpfen?
if-you-link-them = Wenn Sie die beiden verknüpfen, ist bei diesem Konto angemeldet, wer sich bei { $provider } als <strong>{ $person }</strong> anmeldet. Auf der Seite Ihres Kontos können Sie die Verknüpfung wieder aufheben.
link-them = Verknüpfen
not-now = Jetzt nicht
to-continue-with-your-account = Weiter zu <strong class="name">{ $client }</strong> mit Ihrem Konto <strong>{ $person }</strong> bei { $provider }
with-your-account = Mit Ihrem Konto <strong>{ $person }</strong> bei { $provider }
will-have-the-same-address = Ihr Konto hier bekommt dieselbe Adresse.
will-have-the-address = Ihr Konto hier bekommt die Adresse <strong>{ $email }</strong>.
have-an-account-here = Haben Sie hier ein Konto?
sign-in-to-it-and-link = Melden Sie sich bei ihm an, und verknüpfen Sie die beiden
sign-in-to-it = Bei diesem Konto anmelden
may-have-an-account-already = Sie haben vielleicht schon ein Konto
address-belongs-to-an-account = Die Adresse <strong>{ $email }</strong> gehört zu einem Konto hier, bei dem { $provider } noch nicht anmeldet.
is-it-yours = Ist es Ihres? Melden Sie sich einmal so an wie bisher. Dann können Sie die beiden verknüpfen, und { $provider } meldet Sie an.
it-is-not-mine = Es ist nicht meines
nobody-has-proved-the-address = Dass die Adresse zu jenem Konto gehört, hat nie jemand bestätigt, der für die Adresse zuständig ist. { $provider } ist es und bürgt dafür, dass sie Ihnen gehört; Sie können sie also mit einem neuen Konto haben. Das andere wird mit allem, was darin ist, für immer geschlossen.
close-it-and-create-mine = Jenes schließen und meines anlegen

## Das Konto

cancel = Abbrechen
no-address = keine
a-key-was-used-again = Eine Anwendung hat { $at } einen Schlüssel vorgezeigt, der schon ersetzt war. Das kommt vor, wenn ihn jemand kopiert hat; darum wurde geschlossen, was er öffnete. Wenn Sie hier Anwendungen oder Browser sehen, die Sie nicht kennen, beenden Sie sie, und ändern Sie Ihr Passwort.
somebody-failed-to-sign-in = Jemand hat { $count }-mal hintereinander vergeblich versucht, sich als Sie anzumelden, zuletzt { $at }.
strangers-could-not-sign-in-until = Browser, die Ihr Konto nicht kennt, konnten sich bis { $until } nicht anmelden.
strangers-could-not-sign-in = Browser, die Ihr Konto nicht kennt, konnten sich nicht anmelden, bis Sie es in einem getan haben, den es kennt.
if-that-was-not-you = Wenn Sie das nicht waren, wählen Sie ein Passwort, das Sie nirgends sonst benutzen.
where-you-are-signed-in = Wo Sie angemeldet sind
this-browser = dieser Browser
unknown-browser = Unbekannter Browser
browser-on-system = { $browser } unter { $system }
by-password = mit dem Passwort
by-provider = über einen Anbieter
by-mail = per E-Mail
from-and-used = Von { $address }, benutzt { $at }
end = Beenden
end-the-sign-in-of = Die Anmeldung von { $device } beenden
end-all-others = Alle anderen beenden
applications-with-access = Anwendungen mit Zugriff
no-applications = Keine.
since-and-last-used = Erlaubt { $since }, zuletzt benutzt { $used }
end-access = Zugriff beenden
end-access-of = Den Zugriff von { $client } beenden

that-sign-in-has-ended = Diese Anmeldung ist beendet.
all-others-have-ended = Alle anderen Anmeldungen sind beendet.
your-account-is-linked = Ihr Konto bei { $provider } ist verknüpft: Sie können sich damit anmelden.
the-account-is-linked = Das Konto ist verknüpft.
that-account-is-unlinked = Dieses Konto meldet Sie nicht mehr an.
has-no-access-any-more = { $client } hat keinen Zugriff mehr.
the-application-has-no-access = Die Anwendung hat keinen Zugriff mehr.

signed-in-more-than-ten-minutes-ago = Sie haben sich vor mehr als zehn Minuten als <strong>{ $person }</strong> angemeldet.
code-so-that-it-is-you = Lassen Sie sich einen Code senden, damit Sie es sind, der das tut.
sign-in-so-that-it-is-you = Melden Sie sich noch einmal an, damit Sie es sind, der das tut.
type-so-that-it-is-you = Geben Sie Ihr Passwort ein, damit Sie es sind, der das tut.
type-or-sign-in-so-that-it-is-you = Geben Sie Ihr Passwort ein, oder melden Sie sich noch einmal mit dem an, was verknüpft ist, damit Sie es sind, der das tut.
end-this-sign-in = Diese Anmeldung beenden?
that-browser = Dieser Browser
browser-will-have-to-sign-in-again = <strong class="name">{ $name }</strong> muss sich wieder anmelden.
end-sign-in = Anmeldung beenden
end-all-other-sign-ins = Alle anderen Anmeldungen beenden?
every-other-browser-will-have-to = Jeder Browser außer diesem muss sich wieder anmelden.
link-an-account = Ein Konto verknüpfen?
whoever-signs-in-to-it = Wer sich dort anmeldet, kann sich dann als Sie anmelden.
unlink-this-account = Verknüpfung mit diesem Konto aufheben?
that-account = Dieses Konto
unlinked-does-not-sign-you-in = <strong class="name">{ $name }</strong> meldet Sie nicht mehr an, und was damit angemeldet wurde, endet.
end-this-access = Diesen Zugriff beenden?
that-application = Diese Anwendung
can-do-nothing-any-more = <strong class="name">{ $name }</strong> kann in Ihrem Namen nichts mehr tun, bis Sie es wieder erlauben.
how-you-sign-in = Wie Sie sich anmelden
a-mail = Per E-Mail
a-mail-to = Mit einem Link oder einem Code, an { $email }
with-the-address = Mit { $email }
change-it = Ändern
change-that = Ändern: { $what }
as-somebody-there = Als { $account }.
added-and-last-used = Hinzugefügt { $added }, zuletzt benutzt { $used }
added = Hinzugefügt { $added }
last-used = Zuletzt benutzt { $used }
stays-as-your-only-way-in = Es bleibt, solange es Ihr einziger Weg ist.
unlink = Verknüpfung aufheben
unlink-provider = { $provider }: Verknüpfung aufheben
link-provider = <span class="name">{ $provider }</span> verknüpfen
link-another-account-of = Ein weiteres Konto bei <span class="name">{ $provider }</span> verknüpfen

what-you-have-allowed = Was Sie erlaubt haben und jederzeit zurücknehmen können.
each-browser-you-signed-in = Jeder Browser, in dem Sie sich angemeldet haben, der zuletzt benutzte zuerst. Wenn Sie einen nicht kennen, beenden Sie ihn, und ändern Sie Ihr Passwort.
overview = Übersicht
sign-ins = Anmeldungen
applications = Anwendungen
history = Verlauf
what-happened = Was geschehen ist
everything-that-concerned-you = Alles, was Ihr Konto betraf, das Neueste zuerst. Wenn Sie etwas davon nicht waren, beenden Sie, was Sie nicht kennen, und ändern Sie Ihr Passwort.
nothing-happened = Nichts.
nothing-older = Nichts Älteres.
when-from-where = { $at }, von { $network }
older = Älteres
newest = Neuestes

change-password = Passwort ändern
change-your-password = Passwort ändern
current-password = Derzeitiges Passwort
new-password = Neues Passwort
sign-out-everywhere-else = Überall sonst abmelden: in allen anderen Browsern und bei allen Anwendungen
account-has-no-password = Ihr Konto hat kein Passwort: Sie melden sich anders an.
choose-a-password = Passwort wählen
account-has-no-password-yet = Ihr Konto hat noch kein Passwort. Mit einem können Sie sich auch als <strong>{ $email }</strong> anmelden.
show-that-it-is-you-first = Zeigen Sie noch einmal, dass Sie es sind; dann wählen Sie es.
whoever-knows-the-password = Wer das Passwort kennt, kann sich danach als Sie anmelden.
your-account-has-a-password = Ihr Konto hat ein Passwort: Sie können sich damit anmelden.
do-without-a-password = Ohne Passwort
you-sign-in-with-what-is-linked = Sie melden sich mit den Konten an, die mit Ihrem verknüpft sind. Was mit dem Passwort angemeldet wurde, endet.
remove-the-password = Passwort entfernen
remove-your-password = Ihr Passwort entfernen?
password-does-not-sign-you-in = Es meldet Sie nicht mehr an, und was damit angemeldet wurde, endet.
your-password-is-removed = Ihr Konto hat kein Passwort mehr.
your-password-is-changed = Ihr Passwort ist geändert.
password-at-least = Mindestens { $count } Zeichen: ein paar Wörter, die nichts miteinander zu tun haben.
how-hard-to-guess = Wie schwer das Passwort zu erraten ist
score-of-four = { $score } von 4
score-needed = { $score } von 4, und 3 sind nötig.

history-signed-in-by-mail = Sie haben sich per E-Mail angemeldet.
history-signed-in = Sie haben sich angemeldet.
history-proved-once-more = Sie haben noch einmal bewiesen, dass Sie es sind.
history-failed = Jemand hat vergeblich versucht, sich als Sie anzumelden.
history-failed-times = Jemand hat { $count }-mal vergeblich versucht, sich als Sie anzumelden.
history-sprayed = Aus vielen Netzen wurde vergeblich versucht, sich als Sie anzumelden.
history-locked-out = Nach vergeblichen Versuchen wurde die Anmeldung für Browser geschlossen, die Ihr Konto nicht kennt.
history-signed-out = Sie haben sich abgemeldet.
history-ended-by-you = Sie haben eine Anmeldung beendet.
history-ended-by-password = Eine Anmeldung endete, weil Ihr Passwort geändert wurde.
history-ended-with-password = Eine Anmeldung endete, weil das Passwort entfernt wurde, mit dem sie begonnen hatte.
history-ended-by-another = Eine Anmeldung endete, weil sich in jenem Browser jemand anderes angemeldet hat.
history-ended-as-oldest = Ihre älteste Anmeldung endete, weil es zu viele waren.
history-ended = Eine Anmeldung endete.
history-allowed = Sie haben Zugriff erlaubt.
history-refused = Sie haben Zugriff abgelehnt.
history-withdrawn = Der Zugriff wurde zurückgenommen.
history-code-replayed = Ein Schlüssel zu Ihrem Konto wurde zweimal benutzt. Was er geöffnet hatte, wurde geschlossen.
history-key-reused = Ein Schlüssel, der schon ersetzt war, wurde wieder benutzt: Vielleicht hat ihn jemand kopiert. Was er öffnete, wurde geschlossen.
history-registered = Sie haben dieses Konto angelegt.
history-created = Dieses Konto wurde angelegt.
history-password-changed = Ihr Passwort wurde geändert.
history-password-set = Sie haben das erste Passwort Ihres Kontos gewählt.
history-password-removed = Sie haben Ihr Passwort entfernt.
history-changed-by-operator = Der Betreiber dieses Servers hat Ihr Konto geändert.
history-changed-by-you = Sie haben Ihr Profil geändert.
history-changed = Was über Sie bekannt ist, wurde auf den neuesten Stand gebracht.
history-disabled = Ihr Konto wurde abgeschaltet.
history-enabled = Ihr Konto wurde wieder eingeschaltet.
history-deletion-requested = Sie haben verlangt, dass Ihr Konto gelöscht wird.
history-deletion-by-operator = Der Betreiber dieses Servers hat verlangt, dass Ihr Konto gelöscht wird.
history-deletion-withdrawn = Ihr Konto wurde zurückgeholt.
history-signed-out-by-operator = Der Betreiber dieses Servers hat alle Ihre Anmeldungen beendet.
history-unlocked = Der Betreiber dieses Servers hat Ihr Konto wieder geöffnet.
history-key-made = Ein API-Schlüssel wurde angelegt.
history-key-rotated = Ein API-Schlüssel wurde durch einen anderen ersetzt.
history-key-ended = Ein API-Schlüssel wurde beendet.
history-key-leaked = Ein API-Schlüssel von Ihnen wurde als öffentlich geworden gemeldet und beendet.
history-key-used = Ein API-Schlüssel wurde benutzt.
history-linked = Ein Konto bei einem Anbieter wurde verknüpft: Es meldet Sie an.
history-unlinked = Die Verknüpfung mit einem Konto bei einem Anbieter wurde aufgehoben.

## Ihre Daten

your-data = Ihre Daten
all-that-is-known-of-you = Alles, was hier über Sie bekannt ist, als Datei, die Programme lesen können: Ihr Konto, was Sie anmeldet, wo Sie angemeldet sind, welche Anwendungen Zugriff haben und was geschehen ist.
download-your-data = Daten herunterladen
delete-your-account = Konto löschen
account-is-closed-at-once = Ihr Konto wird sofort und überall geschlossen. { $days ->
    [one] Einen Tag lang bringt eine Mail an <strong>{ $address }</strong> es zurück;
   *[other] { $days } Tage lang bringt eine Mail an <strong>{ $address }</strong> es zurück;
} danach wird alles gelöscht, was Sie nennt.
account-is-closed-and-goes = Ihr Konto wird sofort und überall geschlossen. Sieben Tage lang bringt eine Mail es zurück; danach wird alles gelöscht, was Sie nennt.
account-goes-at-once = Ihr Konto wird sofort und endgültig gelöscht. Keine Mail kann Sie erreichen, deshalb gibt es keinen Weg zurück.
what-applications-keep = Anwendungen erfahren, dass Sie abgemeldet sind. Was sie über Sie aufbewahrt haben, bleibt bei ihnen: Fragen Sie dort.
type-this-to-confirm = Geben Sie zur Bestätigung <strong>{ $word }</strong> ein
your-account-is-closed = Ihr Konto ist geschlossen
it-goes-unless-you-come-back = Es wird am { $at } gelöscht. Bis dahin bringt der Link in der Mail, die wir Ihnen geschickt haben, es zurück.
your-account-is-deleted = Ihr Konto ist gelöscht
nothing-is-left-here = Hier ist nichts mehr, was Sie nennt.
your-account-is-back = Ihr Konto ist wieder da
your-request-waits = Ihre Bitte wartet
everybody-is-told-until = Jede Adresse Ihres Kontos hat eine Nachricht bekommen, und wer daran angemeldet ist, sieht es. Wenn niemand es anhält, melden Sie sich ab { $at } wieder an, und wählen Sie dort, zu entfernen, was Sie verloren haben.
your-factors-stay = Ihre zweiten Faktoren bleiben
request-is-stopped = Die Bitte ist angehalten, und nichts wurde entfernt. Wer sie gestellt hat, kann sich bis zum zweiten Schritt als Sie anmelden: Wenn Sie das nicht waren, wählen Sie ein neues Passwort.
everything-is-as-it-was = Alles ist, wie es war, nur sind Sie nirgends mehr angemeldet. Wenn nicht Sie gehen wollten, wählen Sie ein neues Passwort.

## Was nicht geht: unter dem Namen der Regel (src/protocol/rejection/)

ForgedPendingRequest = Diese Anmeldung hat nicht hier begonnen.
ForeignPendingRequest = Die Anmeldung wurde in einem anderen Browser begonnen, oder bevor dieser geschlossen wurde.
ExpiredPendingRequest = Die Anmeldung wurde vor mehr als einem Tag begonnen.
ReplayedPendingRequest = Diese Anmeldung ist abgeschlossen: Die Anwendung hat ihre Antwort.
MissingPendingRequest = Die Seite gehört zu keiner Anmeldung.
ForgedForm = Das Formular stammt nicht von diesem Server oder nicht aus diesem Browser.
CookiesBlocked = Der Browser hat kein Cookie mitgeschickt. Er muss Cookies dieser Website zulassen, sonst kann sich niemand anmelden.
CrossOriginForm = Das Formular wurde von einer anderen Website abgeschickt.
ConsentOfAnother = Die Seite wurde jemand anderem oder für eine andere Anfrage gezeigt. Sehen Sie noch einmal nach, ob Sie einverstanden sind.
MissingChoice = Im Formular fehlt, was beendet werden soll.
KeyNotMade = Es wurde kein Schlüssel angelegt: Etwas fehlt oder ist nicht möglich.
WrongConfirmation = Schreiben Sie es, wie es dort steht: Niemand soll ein Konto aus Versehen löschen.
MissingDecision = Im Formular fehlt Ihre Entscheidung.
WrongCredentials = Die E-Mail-Adresse oder das Passwort ist falsch.
WrongCurrentPassword = Das ist nicht Ihr derzeitiges Passwort.
WrongCode = Der Code ist falsch. Es gilt der neueste, der an diese Adresse geschickt wurde.
MalformedWebAddress = Hier muss eine Adresse stehen, die mit https:// beginnt, keinen Benutzernamen enthält und höchstens 1000 Zeichen lang ist.
UnknownLanguage = Das ist keine der Sprachen, die zur Wahl stehen.
UnknownTimeZone = Das ist keine Zeitzone. Schreiben Sie eine wie Europe/Berlin.
ExpiredTicket = Der Link ist zu alt. Fordern Sie einen neuen an.
TicketOfAnotherBrowser = Der Link wurde schon in einem anderen Browser geöffnet und gilt nur dort. Fordern Sie einen neuen an.
UnknownTicket = Der Link geht nicht mehr. Er gilt einmal, eine Zeit lang, und bis ein neuerer angefordert wird.
TooManyFailures = Zu viele Versuche. { try-again-later }
ClosedToStrangers = Zu viele Versuche, sich bei diesem Konto anzumelden, sind fehlgeschlagen. Es ist offen auf Geräten, die sich schon einmal bei ihm angemeldet haben; auf anderen erst, wenn der Betreiber dieses Servers es wieder öffnet.
TooManyRegistrations = Aus diesem Netz wurden zu viele Konten angelegt. { try-again-later }
RegistrationClosed = Hier können keine neuen Konten angelegt werden.
UnknownErrand = Die Antwort des Anbieters gehört zu keiner Anmeldung, die in diesem Browser begonnen wurde.
UsedErrand = Die Antwort des Anbieters wurde hier schon einmal vorgelegt.
ExpiredErrand = Beim Anbieter sind mehr als zehn Minuten vergangen. Melden Sie sich dort noch einmal an.
TooManyErrands = Zu viele Anmeldungen über Anbieter wurden begonnen und nicht beendet. { try-again-later }
IdentityOfAnother = Dieses Konto beim Anbieter ist hier mit einem anderen Konto verknüpft.
ProviderRegistrationClosed = Mit diesem Konto beim Anbieter kann hier kein Konto angelegt werden.
NotYours = Dieses Konto kann nicht übernommen werden. Melden Sie sich bei ihm an, oder fragen Sie den Betreiber dieses Servers.
WeakSignIn = Ihr Konto verlangt eine stärkere Anmeldung als diese: Melden Sie sich mit dem Passkey an, oder mit dem Passwort und einem zweiten Faktor, wo danach gefragt wird. Wenn das nichts ändert, fragen Sie den Betreiber dieses Servers.
LastWayIn = Das ist der einzige Weg, sich bei diesem Konto anzumelden. Fügen Sie einen anderen hinzu, bevor Sie ihn entfernen.
LastStrongWayIn = Ihr Konto verlangt eine stärkere Anmeldung, als ihm bliebe. Fügen Sie einen Passkey oder einen anderen ebenso starken Weg hinzu, bevor Sie diesen entfernen.
AccountSwitchedOff = Dieses Konto ist abgeschaltet. Fragen Sie den Betreiber dieses Servers.
LastAdmin = Es ist das einzige nutzbare Konto mit der Rolle admin: Jemand anders muss die Rolle haben, bevor es geht.
AccountLeaving = Dieses Konto ist geschlossen und wird gelöscht. Der Link in der Mail, die an seine Adresse ging, bringt es zurück.
PasswordsSwitchedOff = Hier meldet sich niemand mit einem Passwort an. Wählen Sie einen Anbieter.
LogoutTooLong = Die Anfrage zum Abmelden ist länger als 16384 Bytes.
HintOfAnotherClient = client_id ist nicht die Anwendung, für die id_token_hint ausgestellt wurde.
MissingLogoutClient = post_logout_redirect_uri braucht id_token_hint oder die client_id einer registrierten Anwendung.
UnregisteredPostLogoutRedirectUri = post_logout_redirect_uri ist für diese Anwendung nicht registriert.
UpstreamUnavailable = Der Anbieter antwortet nicht, wie er sollte. Versuchen Sie es in einigen Minuten noch einmal, oder melden Sie sich anders an.
UpstreamCancelled = Sie haben beim Anbieter nicht zugestimmt, oder er hat Sie nicht eingelassen. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamError = Der Anbieter hat Sie nicht angemeldet. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamMissingCode = Der Anbieter hat Sie ohne Antwort zurückgeschickt. Versuchen Sie es noch einmal.
UpstreamWrongIss = Die Antwort kommt nicht von dem Anbieter, der gefragt wurde. Versuchen Sie es noch einmal.
UpstreamMissingIss = Die Antwort sagt nicht, von welchem Anbieter sie kommt. Versuchen Sie es noch einmal.
UpstreamCodeRefused = Der Anbieter nimmt seine eigene Antwort nicht mehr an: Sie ist zu alt oder wurde schon benutzt. Versuchen Sie es noch einmal.
UpstreamClientRefused = Dieser Server ist beim Anbieter nicht richtig eingerichtet. Sagen Sie es dem Betreiber, und melden Sie sich so lange anders an.
UpstreamMalformed = Was der Anbieter geantwortet hat, ist nicht lesbar. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamNotAdmitted = Dieses Konto beim Anbieter ist keines von denen, die sich hier anmelden dürfen. Wählen Sie dort ein anderes.
UpstreamNotFresh = Der Anbieter hat nicht noch einmal gefragt, wer Sie sind; das ist hier nötig. Melden Sie sich dort ab, und versuchen Sie es noch einmal.
UpstreamMissingIdToken = Der Anbieter hat nicht gesagt, wer Sie sind. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamMalformedToken = Was der Anbieter über Sie sagt, ist nicht lesbar. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamWrongAlgorithm = Was der Anbieter über Sie sagt, ist nicht so unterschrieben, wie es vereinbart ist. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamUnknownKey = Was der Anbieter über Sie sagt, ist mit einem Schlüssel unterschrieben, den er nicht veröffentlicht. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamWrongSignature = Was der Anbieter über Sie sagen soll, hat er nicht unterschrieben. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamWrongIssuer = Was über Sie gesagt wurde, kommt nicht von dem Anbieter, der gefragt wurde. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamWrongAudience = Was der Anbieter über Sie sagt, ist nicht für diesen Server bestimmt. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamWrongParty = Nach dem, was der Anbieter über Sie sagt, hat jemand anderes gefragt. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamExpiredToken = Was der Anbieter über Sie sagt, ist zu alt. Versuchen Sie es noch einmal.
UpstreamFutureToken = Die Uhren des Anbieters und dieses Servers stimmen nicht überein. Sagen Sie es dem Betreiber.
UpstreamWrongNonce = Was der Anbieter über Sie sagt, gehört zu einer anderen Anmeldung. Versuchen Sie es noch einmal.
UpstreamNoSubject = Der Anbieter hat nicht gesagt, welches Konto Ihres ist. Versuchen Sie es noch einmal, oder melden Sie sich anders an.
UpstreamOtherSubject = Der Anbieter hat zweierlei darüber gesagt, wer Sie sind. Versuchen Sie es noch einmal, oder melden Sie sich anders an.

## Mails

mail-when = Wann
mail-from = Woher
mail-with = Womit
mail-code-lead = Oder geben Sie diesen Code dort ein, wo danach gefragt wird:
mail-link-lead = Wenn der Knopf nichts bewirkt, öffnen Sie diese Adresse in Ihrem Browser:
mail-ending = Diese Nachricht hat ein Programm geschrieben; Antworten darauf liest niemand.
mail-good-for-minutes = Beides gilt { $minutes ->
    [one] eine Minute
   *[other] { $minutes } Minuten
} lang und einmal.
mail-see-your-account = Zu Ihrem Konto
mail-confirm-the-address = Adresse bestätigen
mail-if-it-was-you = Wenn Sie das waren, ist nichts zu tun.
mail-if-it-was-not-you = Wenn Sie das nicht waren, hatte jemand anderes Zugang zu Ihrem Konto: Melden Sie sich an, wählen Sie ein neues Passwort, und sehen Sie dort die Anmeldungen und den Verlauf durch.
mail-somebody-elses-account = Wenn Sie das nicht waren, bestätigen Sie nichts: Jemand hat bei seinem eigenen Konto Ihre Adresse eingegeben.

mail-registration = Ihr Konto bei { $brand }
mail-registration-lead = Jemand möchte mit dieser Adresse ein Konto bei { $brand } anlegen. Wenn Sie das waren, geht es hier weiter:
mail-registration-advice = Wenn Sie das nicht waren, ist nichts zu tun: Ohne diese Nachricht entsteht kein Konto.
mail-taken = Sie haben schon ein Konto bei { $brand }
mail-taken-lead = Jemand möchte diese Adresse für ein Konto bei { $brand } verwenden. Es gibt aber schon eines damit: Ihres.
mail-taken-if-you = Wenn Sie das waren, melden Sie sich an. Wenn Sie das Passwort vergessen haben, hilft die Seite der Anmeldung.
mail-taken-if-not-you = Wenn Sie das nicht waren, ist nichts zu tun: Von uns erfährt niemand, dass es ein Konto gibt.
mail-reset = Ein neues Passwort bei { $brand }
mail-reset-lead = Jemand bittet um ein neues Passwort für Ihr Konto bei { $brand }. Wenn Sie das waren, wählen Sie hier eines:
mail-reset-action = Passwort wählen
mail-reset-advice = Wenn Sie das nicht waren, ist nichts zu tun: Das Passwort bleibt, wie es ist. Geben Sie den Code niemandem, wer auch danach fragt.
mail-sign-in = Anmelden bei { $brand }
mail-sign-in-lead = Jemand möchte sich mit dieser E-Mail in Ihrem Konto bei { $brand } anmelden. Wenn Sie das sind, machen Sie hier weiter:
mail-sign-in-first = Noch hat niemand gezeigt, dass diese Adresse ihm gehört. Wer sich mit dieser E-Mail anmeldet, ist der Erste: Dann entfallen das Passwort und die verknüpften Konten, die das Konto jetzt hat, und wer darin angemeldet ist, wird abgemeldet.
mail-sign-in-advice = Wenn Sie das nicht waren, ist nichts zu tun: Ohne diese E-Mail kommt so niemand herein. Geben Sie den Code niemandem, wer auch danach fragt.
mail-proof = Bestätigen Sie, dass Sie es sind: { $brand }
mail-proof-lead = Jemand, der in Ihrem Konto bei { $brand } angemeldet ist, möchte dort etwas tun, das nur Sie dürfen. Wenn Sie das sind, machen Sie in demselben Browser weiter:
mail-proof-advice = Wenn Sie das nicht waren, hat jemand anders Ihr Konto offen. Geben Sie den Code niemandem, wer auch danach fragt; melden Sie sich an und beenden Sie die Anmeldungen, die Sie nicht kennen.
mail-verify = Bestätigen Sie Ihre Adresse bei { $brand }
mail-verify-lead = Bestätigen Sie, dass dies die Adresse Ihres Kontos bei { $brand } ist:
mail-change = Ihre neue Adresse bei { $brand }
mail-change-lead = Bestätigen Sie, dass Ihr Konto bei { $brand } von jetzt an diese Adresse hat:
mail-changed = Ihre Adresse bei { $brand } wurde geändert
mail-changed-lead = Ihr Konto bei { $brand } hat jetzt eine andere Adresse: { $address }. Nachrichten dazu gehen von jetzt an dorthin.
mail-changed-undo = Wenn Sie das nicht waren, können Sie es { $days ->
    [one] einen Tag
   *[other] { $days } Tage
} lang rückgängig machen. Das beendet alle Anmeldungen und verlangt ein neues Passwort:
mail-changed-action = Rückgängig machen
mail-invitation = Ihre Einladung zu { $brand }
mail-invitation-lead = Sie sind eingeladen, ein Konto bei { $brand } anzulegen.
mail-invitation-lead-by-name = { $name }, Sie sind eingeladen, ein Konto bei { $brand } anzulegen.
mail-invitation-action = Konto anlegen
mail-invitation-note = Die Einladung gilt { $days ->
    [one] einen Tag
   *[other] { $days } Tage
} lang und einmal.
mail-invitation-advice = Wenn Sie nicht wissen, worum es geht, ist nichts zu tun.
mail-deletion = Ihr Konto bei { $brand } wird gelöscht
mail-deletion-lead = Auf Ihren Wunsch wurde Ihr Konto bei { $brand } geschlossen. In { $days ->
    [one] einem Tag
   *[other] { $days } Tagen
} wird alles, was Sie benennt, endgültig gelöscht.
mail-deletion-return = Bis dahin können Sie zurückkommen, und alles ist, wie es war:
mail-deletion-action = Konto behalten
mail-deletion-advice = Wenn Sie das nicht waren, kommen Sie zurück, und wählen Sie ein neues Passwort.

mail-unproven = Bitte bestätigen Sie Ihre Adresse bei { $brand }
mail-unproven-lead = Ihr Konto bei { $brand } hat diese Adresse, und noch hat niemand bestätigt, dass sie Ihnen gehört. Ohne das wird das Konto { $days ->
    [one] in einem Tag gelöscht.
   *[other] in { $days } Tagen gelöscht.
}
mail-unproven-advice = Wenn Sie dieses Konto nicht kennen, tun Sie nichts: Es verschwindet von selbst.
mail-test = Nachrichten von { $brand } kommen an
mail-test-lead = Ein Betreiber von { $brand } versucht, ob Nachrichten ankommen. Das tun sie: Diese ist da.
mail-test-advice = Es ist nichts zu tun.

mail-reused = Jemand hatte vielleicht Zugang zu Ihrem Konto: { $brand }
mail-reused-what = Damit die Anwendung { $client } nicht jedes Mal nach Ihrem Passwort fragen muss, bewahrt sie einen Schlüssel zu Ihrem Konto bei { $brand } auf. So ein Schlüssel gilt für einen Gebrauch und wird dann ersetzt. Einer wurde ein zweites Mal gebraucht.
mail-reused-what-of-some = Damit eine Anwendung nicht jedes Mal nach Ihrem Passwort fragen muss, bewahrt sie einen Schlüssel zu Ihrem Konto bei { $brand } auf. So ein Schlüssel gilt für einen Gebrauch und wird dann ersetzt. Einer wurde ein zweites Mal gebraucht.
mail-reused-why = Das sollte nie geschehen. Wahrscheinlich hat ihn jemand kopiert, etwa von Ihrem Gerät oder mit einem Programm darauf; selten ist es ein Fehler der Anwendung.
mail-reused-ended-all = Was wir schon getan haben: Alle Ihre Schlüssel sind wertlos, in jeder Anwendung, und Sie sind überall abgemeldet. Wer eine Kopie hatte, kann sie nicht mehr gebrauchen.
mail-reused-ended-one = Was wir schon getan haben: Alle Schlüssel dieser Anwendung sind wertlos. Wer eine Kopie hatte, kann sie nicht mehr gebrauchen.
mail-reused-you-can = Was Sie tun können: Melden Sie sich dort wieder an, wo Sie angemeldet sein möchten. Sehen Sie die Anmeldungen und den Verlauf Ihres Kontos nach allem durch, was Sie nicht kennen.
mail-reused-password = Ihr Passwort war nicht betroffen. Aber wenn Sie meinen, dass jemand an Ihrem Gerät war, wählen Sie ein neues.
mail-password-changed = Ihr Passwort wurde geändert: { $brand }
mail-password-changed-lead = Das Passwort Ihres Kontos bei { $brand } wurde geändert.
mail-password-set = Ihr Konto hat jetzt ein Passwort: { $brand }
mail-password-set-lead = Von jetzt an kann man sich mit einem Passwort bei Ihrem Konto bei { $brand } anmelden. Bisher hatte es keines.
mail-password-removed = Ihr Passwort wurde entfernt: { $brand }
mail-password-removed-lead = Ihr Konto bei { $brand } hat kein Passwort mehr. Was damit angemeldet war, ist beendet.
mail-password-reset = Ihr Passwort wurde neu gesetzt: { $brand }
mail-password-reset-lead = Ihr Konto bei { $brand } hat ein neues Passwort. Es wurde mit einer Nachricht an diese Adresse gesetzt.
mail-key-made = Ein neuer API-Schlüssel: { $brand }
mail-key-made-lead = Für Ihr Konto bei { $brand } wurde ein API-Schlüssel angelegt. Er beginnt mit { $id }. Ein Skript, das ihn hat, kann tun, was Sie dem Schlüssel erlaubt haben.
mail-key-leaked = Ein API-Schlüssel von Ihnen ist öffentlich geworden: { $brand }
mail-key-leaked-lead = Jemand hat den API-Schlüssel, der mit { $id } beginnt, dort gefunden, wo andere ihn lesen können, und uns das gemeldet. Er ist beendet: Niemand kann ihn mehr benutzen.
mail-key-leaked-advice = Legen Sie für das Skript, das ihn benutzt hat, einen anderen Schlüssel an, und bewahren Sie ihn dort auf, wo ihn niemand sonst liest: nicht im Code, nicht in einem Repository. Auf Ihrer Kontoseite sehen Sie, wo der Schlüssel benutzt wurde.
mail-linked = Ein neuer Weg, sich anzumelden: { $brand }
mail-linked-lead = Von jetzt an kann man sich mit einem Konto bei { $provider } bei Ihrem Konto bei { $brand } anmelden.
mail-unlinked = Ein Weg, sich anzumelden, wurde entfernt: { $brand }
mail-unlinked-lead = Mit einem Konto bei { $provider } kann man sich nicht mehr bei Ihrem Konto bei { $brand } anmelden.
mail-new-device = Eine neue Anmeldung: { $brand }
mail-new-device-lead = Jemand hat sich bei Ihrem Konto bei { $brand } mit einem Gerät angemeldet, das dafür noch nicht benutzt wurde.
mail-lockout = Viele vergebliche Anmeldungen: { $brand }
mail-lockout-lead = Jemand hat immer wieder versucht, sich bei Ihrem Konto bei { $brand } anzumelden, und es ist nicht gelungen. Geräte, die dort nicht bekannt sind, müssen jetzt warten; Ihre gehen wie bisher.
mail-lockout-advice = Niemand ist hineingekommen. Wenn das nicht Sie waren, ist nichts zu tun, solange Ihr Passwort lang ist und nirgends sonst benutzt wird.
mail-ended = Sie wurden überall abgemeldet: { $brand }
mail-ended-lead = Alle Anmeldungen bei Ihrem Konto bei { $brand } wurden beendet, und ebenso der Zugang aller Anwendungen.
mail-moved-on-lead = Ihr Konto bei { $brand } hat jetzt eine andere Adresse. Nachrichten dazu gehen von jetzt an dorthin.
mail-moved-on-advice = Wenn Sie das nicht erwartet haben, fragen Sie, wer { $brand } betreibt.
mail-displaced = Ihre Adresse gehört jetzt zu einem anderen Konto: { $brand }
mail-displaced-lead = Es gab bei { $brand } ein Konto mit dieser Adresse, das niemand je bestätigt hat. Jemand, der gezeigt hat, dass die Adresse ihm gehört, hat jetzt ein Konto damit, und das alte hat keine mehr.
mail-displaced-advice = Wenn Sie das waren, ist alles gut. Wenn nicht, liest jemand Nachrichten an diese Adresse: Ändern Sie das Passwort Ihres Postfachs.
mail-address-lost = Ihr Konto wurde geschlossen: { $brand }
mail-address-lost-lead = Ihr Konto bei { $brand } hatte eine Adresse, die Sie nie bestätigt haben. Jemand, der gezeigt hat, dass die Adresse ihm gehört, hat sie jetzt. Ihr Konto ist geschlossen, und alles, was dort angemeldet war, ist abgemeldet.
mail-address-lost-advice = Wenn die Adresse Ihre war, liest dort jemand Nachrichten: Ändern Sie das Passwort jenes Postfachs. Sonst ist nichts zu tun; Sie können ein Konto mit einer eigenen Adresse anlegen.

## API-Schlüssel

api-keys = API-Schlüssel
what-a-key-is = Einen Schlüssel zeigt ein Skript von Ihnen an Ihrer Stelle einer API. Er kann, was Sie ankreuzen, und sonst nichts, bis er abläuft oder Sie ihn beenden.
make-a-key = Schlüssel anlegen
no-keys = Sie haben keinen Schlüssel, der benutzt werden kann.
key-good-until = Gültig bis { $at }
key-replaced-good-until = Ersetzt, noch gültig bis { $at }
key-replaced = Ersetzt, zu Ende { $at }
key-expired = Abgelaufen { $at }
key-ended = Beendet { $at }
key-leaked = Dort gefunden, wo andere ihn lesen konnten, beendet { $at }
key-used = Zuletzt benutzt { $at }, von { $network }
key-not-used = Noch nicht benutzt
not-now-for-lack-of-a-role = zurzeit nicht: Ihnen fehlt eine Rolle
replace = Ersetzen
replace-the-key = { $name } ersetzen
end-the-key = { $name } beenden
keys-that-are-over = Frühere Schlüssel
older-keys-are-not-listed = Ältere Schlüssel stehen nicht in der Liste.
that-key-has-ended = Der Schlüssel ist beendet: Niemand kann ihn mehr benutzen.
whoever-has-the-key = Wer einen Schlüssel hat, kann als Sie tun, wofür er ist, ohne sich anzumelden.
show-that-it-is-you-before-a-key = Zeigen Sie noch einmal, dass Sie es sind; dann bekommen Sie ihn.
key-for-the-api = Ein Schlüssel für <strong class="name">{ $api }</strong>
another-api = Eine andere API
an-api = API
for-which-api = Für welche API?
no-api-for-you = Es gibt keine API, für die Sie einen Schlüssel haben können: Jede verlangt eine Rolle, die Sie nicht haben.
key-name-hint = Wofür er ist, etwa das Skript und der Rechner, die ihn bekommen.
what-the-key-may-do = Was der Schlüssel darf
how-long-the-key-lives = Wie lange er gilt
good-until = Gültig bis
for-a-year = Ein Jahr
for-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tage
}
for-hours = { $count ->
    [one] 1 Stunde
   *[other] { $count } Stunden
}
for-minutes = { $count ->
    [one] 1 Minute
   *[other] { $count } Minuten
}
make-the-key = Schlüssel anlegen
key-needs-a-name = Geben Sie ihm einen Namen aus 1 bis { $count } Buchstaben, Ziffern und Zeichen.
key-needs-a-scope = Kreuzen Sie mindestens eines an.
key-scope-is-not-yours = Alles davon können Sie nicht haben: Eine API hat sich geändert oder eine Ihrer Rollen. Sehen Sie noch einmal nach, was es anzukreuzen gibt.
key-lives-too-long = Ein Schlüssel gilt { $count ->
    [one] höchstens einen Tag.
   *[other] höchstens { $count } Tage.
}
too-many-keys = { $count ->
    [one] Sie haben schon einen Schlüssel und können nicht mehr haben. Beenden Sie ihn zuerst.
   *[other] Sie haben schon { $count } Schlüssel und können nicht mehr haben. Beenden Sie zuerst einen.
}
replace-this-key = Diesen Schlüssel ersetzen?
another-takes-its-place = An die Stelle von <strong class="name">{ $name }</strong> tritt ein neuer Schlüssel, für dasselbe und für ebenso lange. Der alte gilt noch einen Tag, damit Ihr Skript umsteigen kann.
key-cannot-be-replaced = <strong class="name">{ $name }</strong> kann nicht ersetzt werden: Er wurde schon ersetzt oder gilt nicht mehr.
your-new-key = Ihr neuer Schlüssel
copy-it-now = Kopieren Sie den Schlüssel jetzt. Er wird nur dieses eine Mal gezeigt: Wir behalten keine Kopie und können ihn nicht noch einmal zeigen.
keep-the-key-where-only-your-script-reads-it = Bewahren Sie ihn dort auf, wo ihn nur Ihr Skript liest: nicht im Code und in keinem Repository. Wenn ihn jemand anderes sieht, beenden Sie ihn hier.
former-key-goes-on-until = Der alte Schlüssel gilt noch bis { $at }. Setzen Sie vorher den neuen an seine Stelle.
to-your-keys = Zu Ihren Schlüsseln

## Das Profil

profile = Profil
your-profile = Ihr Profil
what-applications-see-of-you = Was Anwendungen von Ihnen sehen, sobald Sie einer erlaubt haben, Ihr Profil zu sehen. Alles außer dem Namen kann leer bleiben.
your-profile-is-saved = Ihr Profil ist gespeichert.
nickname = Rufname
address-of-a-picture = Adresse eines Bildes
applications-fetch-the-picture = Anwendungen holen es von dort; dieser Server tut das nicht.
website = Website
language = Sprache
as-the-browser-says = Wie im Browser eingestellt
pages-and-mails-speak-it = Unsere Seiten und E-Mails sind darin geschrieben.
time-zone = Zeitzone
time-zone-such-as = Zum Beispiel Europe/Berlin; die Stadt allein genügt.
save = Speichern
what-others-have-said-of-you = Was andere über Sie gesagt haben
applications-see-that-as-well = Dieselben Anwendungen sehen auch das. Es kommt von einem Konto bei einem Anbieter oder vom Betreiber dieses Servers.
claim-given-name = Vorname
claim-family-name = Nachname
claim-middle-name = Weitere Vornamen
claim-preferred-username = Benutzername
claim-profile = Profilseite
claim-gender = Geschlecht
claim-birthdate = Geburtsdatum

## Was per E-Mail gezeigt wird

forgotten-your-password = Passwort vergessen?
forgotten-password = Passwort vergessen
tell-us-your-address = Nennen Sie die E-Mail-Adresse Ihres Kontos. Wir senden Ihnen einen Link und einen Code, mit denen Sie ein neues Passwort wählen können.
send-the-mail = E-Mail senden
sign-in-by-mail = Anmelden per E-Mail
we-send-a-link-and-a-code = Wir senden einen Link und einen Code an Ihre Adresse. Mit einem von beiden sind Sie angemeldet.
send-me-a-sign-in-mail = E-Mail zum Anmelden senden
back-to-sign-in = Zurück zur Anmeldung
look-into-your-mail = Sehen Sie in Ihr Postfach
mail-if-account = Wenn es ein Konto mit der Adresse <strong>{ $address }</strong> gibt, ist eine E-Mail mit einem Link und einem Code dorthin unterwegs. Das kann eine Minute dauern.
mail-on-its-way = Eine E-Mail mit einem Link und einem Code ist unterwegs an <strong>{ $address }</strong>. Das kann eine Minute dauern.
code-from-the-mail = Code aus der E-Mail
code-hint-here = Acht Buchstaben. Sie können auch den Link in der E-Mail öffnen, in diesem Browser.
send-it-again = lassen Sie sie noch einmal senden
code-hint = Acht Buchstaben. Sie können auch den Link in der E-Mail öffnen, in diesem Browser oder auf dem Gerät, auf dem Sie sie lesen.
no-mail = Keine E-Mail? Sehen Sie im Spam-Ordner nach, oder
correct-or-send-again = berichtigen Sie die Adresse oder senden Sie noch einmal
mail-comes-first = Zuerst kommt eine E-Mail an diese Adresse. Danach wählen Sie einen Namen und ein Passwort.
choose-a-new-password = Neues Passwort wählen
all-are-signed-out = Alle Browser und Anwendungen, die jetzt angemeldet sind, werden abgemeldet.
save-and-sign-in = Speichern und anmelden
you-are-invited = Sie sind eingeladen
confirm-your-address = Bestätigen Sie Ihre Adresse
confirm-your-new-address = Bestätigen Sie Ihre neue Adresse
take-your-account-back = Holen Sie Ihr Konto zurück
keep-your-account = Behalten Sie Ihr Konto
confirm = Bestätigen
take-it-back = Zurückholen
keep-it = Behalten
keep-your-factors = Behalten Sie Ihre zweiten Faktoren
begin-the-wait = Wartezeit beginnen
stop-it = Anhalten
link-register = für <strong>{ $address }</strong>, in diesem Browser. Als Nächstes wählen Sie einen Namen und ein Passwort.
link-invite = zu einem Konto bei <strong class="name">{ $brand }</strong> mit der Adresse <strong>{ $address }</strong>. Als Nächstes wählen Sie ein Passwort.
link-reset = für das Konto von <strong>{ $address }</strong>. Mit dem neuen Passwort werden alle Browser und Anwendungen abgemeldet, die jetzt angemeldet sind.
link-sign-in = als <strong>{ $address }</strong>, in diesem Browser. Wenn Sie diese E-Mail nicht angefordert haben, schließen Sie diese Seite.
link-confirm = Jemand, der hier als <strong>{ $address }</strong> angemeldet ist, möchte etwas tun, das nur Sie dürfen. Wenn Sie das nicht sind, schließen Sie diese Seite.
link-verify = Gehören <strong>{ $address }</strong> und das Konto mit dieser Adresse Ihnen? Wenn Sie diese E-Mail nicht angefordert haben, schließen Sie diese Seite.
link-change = Ihr Konto soll von nun an die Adresse <strong>{ $address }</strong> haben. Wenn Sie diese E-Mail nicht angefordert haben, schließen Sie diese Seite.
link-undo = Ihr Konto bekommt seine frühere Adresse <strong>{ $address }</strong> wieder, und alle werden abgemeldet. Danach wählen Sie ein neues Passwort.
link-reset-factors = Jemand, der sich am Konto von <strong>{ $address }</strong> bis zum zweiten Schritt angemeldet hat, gibt an, den Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes verloren zu haben. Fahren Sie fort, dann beginnt eine Wartezeit, nach der sie entfernt werden können. Wenn Sie das nicht waren, schließen Sie diese Seite, und wählen Sie ein neues Passwort.
link-keep-factors = Der Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes Ihres Kontos bei <span class="name">{ $brand }</span> sollen entfernt werden. Halten Sie das an, dann bleibt alles, wie es ist.
link-return = Das Konto von <strong>{ $address }</strong> wird bald gelöscht. Behalten Sie es, und alles darin bleibt.
address-proved = bestätigt
address-not-proved = Noch hat niemand gezeigt, dass diese Adresse Ihnen gehört. Ist das geschehen, können Sie ein neues Passwort wählen, wenn Sie Ihres vergessen.
prove-the-address = Adresse bestätigen
no-address-yet = Ihr Konto hat keine Adresse. Mit einer können Sie sich mit einem Passwort anmelden und ein neues wählen, wenn Sie es vergessen haben.
another-address = Eine andere Adresse
an-address = Eine Adresse
mail-goes-there = Eine E-Mail geht an die neue Adresse. Sie gilt, sobald Sie sie geöffnet haben.
mail-goes-there-and-undo = Eine E-Mail geht an die neue Adresse. Sobald Sie sie geöffnet haben, ersetzt die neue Adresse die frühere; diese erfährt davon und kann es sieben Tage lang rückgängig machen.
new-address = Neue E-Mail-Adresse
send-a-mail-there = E-Mail dorthin senden
have-an-account = Haben Sie ein Konto?
the-address-is-yours = Die Adresse ist Ihre.
confirm-this-address = Diese Adresse bestätigen?
that-address = Diese Adresse
becomes-your-address = <strong class="name">{ $name }</strong> wird die Adresse Ihres Kontos: Sie melden sich damit an, und E-Mails gehen dorthin.
mail-link-good-for-minutes = Der Link gilt { $minutes ->
    [one] eine Minute
   *[other] { $minutes } Minuten
} lang und einmal.
password-tried-first = Es ist eines von denen, die zuerst probiert werden.
password-without-names = Ohne Ihren Namen, Ihre Adresse und den Namen dieser Website bleibt wenig davon übrig.
password-keys = Tasten, die nebeneinander liegen, werden früh probiert.
password-twice = Zweimal dasselbe zu sagen bringt fast nichts.
password-rows = Reihen wie abc oder 6543 werden früh probiert.
password-dates = Jahreszahlen und Daten werden früh probiert.
password-names = Namen werden früh probiert.
password-single-word = Ein einzelnes Wort ist schnell gefunden, was auch dahinter steht.
password-common = Es ist eines, das sehr viele benutzen, oder beginnt mit einem.

## Ein zweiter Faktor

second-step = Noch ein Schritt
signing-in-as = Sie melden sich an als <span class="name">{ $person }</span>
code-of-your-app = Code aus Ihrer Authenticator-App
code-of-your-app-hint = Sechs Ziffern, alle halbe Minute neue.
# A long word that is in a heading, too, has a soft hyphen (U+00AD, not seen here) where it may break on a phone.
use-a-recovery-code = Stattdessen einen Wiederherstellungs­code verwenden
recovery-code = Wiederherstellungscode
recovery-code-hint = Einer von denen, die Sie aufgehoben haben, als Sie Ihren zweiten Faktor eingerichtet haben. Jeder gilt einmal.
sign-in-as-somebody-else = Als jemand anders anmelden
authenticator = Authenticator
authenticator-what-it-is = Eine App auf Ihrem Telefon oder Computer, die alle halbe Minute einen neuen Code zeigt. Mit ihr kommt niemand in Ihr Konto, der nur Ihr Passwort kennt.
authenticator-since = Eingerichtet { $added }.
authenticator-since-and-last-used = Eingerichtet { $added }, zuletzt verwendet { $used }.
authenticator-takes-the-place = Der neue tritt an die Stelle des bisherigen.
authenticator-is-needed = Hier melden sich alle zusätzlich mit einem Authenticator an. Richten Sie Ihren ein: Das dauert eine Minute.
authenticator-is-asked-for = <span class="name">{ $client }</span> verlangt, dass Sie sich zusätzlich mit einem Authenticator anmelden. Richten Sie Ihren ein: Das dauert eine Minute.
second-step-is-needed = Ihr Konto braucht einen zweiten Schritt. Richten Sie eine Authenticator-App ein: Das dauert eine Minute.
authenticator-get-an-app = Öffnen Sie auf Ihrem Telefon oder Computer eine Authenticator-App. Jede ist recht: Ihr Passwort-Manager, Aegis, 2FAS, Google Authenticator, Microsoft Authenticator.
authenticator-scan = Fügen Sie dort ein Konto hinzu und scannen Sie dieses Bild.
authenticator-type-its-code = Geben Sie den Code ein, den die App dann zeigt.
authenticator-cannot-scan = Sie können es nicht scannen?
authenticator-type-the-key = Geben Sie diesen Schlüssel in die App ein:
authenticator-open-in-the-app = In einer App auf diesem Gerät öffnen
set-up-the-authenticator = Authenticator einrichten
set-up-an-authenticator = Einen Authenticator einrichten
set-up-another = Einen anderen an seiner Stelle einrichten
show-that-it-is-you-then-set-it-up = Zeigen Sie noch einmal, dass Sie es sind; dann richten Sie ihn ein.
do-without-an-authenticator = Auf den Authenticator verzichten
then-the-password-alone = Dann werden seine Codes nicht mehr verlangt. Wiederherstellungscodes enden mit Ihrem letzten zweiten Faktor.
remove-the-authenticator = Authenticator entfernen
remove-your-authenticator = Ihren Authenticator entfernen?
whoever-has-the-authenticator = Sie werden bei jeder Anmeldung nach seinem Code gefragt.
your-account-has-an-authenticator = Ihr Konto hat den neuen Authenticator.
your-authenticator-is-removed = Ihr Authenticator ist entfernt.
beside-the-others = Wird zusätzlich zu allen anderen verlangt.
recovery-codes = Wiederherstellungs­codes
recovery-codes-for = Wiederherstellungscodes für { $brand }
recovery-codes-of = Für <span class="name">{ $person }</span>, erstellt { $at }.
recovery-codes-what-they-are = Für den Tag, an dem Ihr Authenticator, Passkey oder Sicherheitsschlüssel verloren ist: Jeder Code lässt Sie einmal ein.
recovery-codes-come-with-an-authenticator = Es gibt sie zusammen mit einem Authenticator, Passkey oder Sicherheitsschlüssel.
recovery-codes-left = { $count ->
    [0] Erstellt { $added }; keiner ist mehr übrig.
    [one] Erstellt { $added }; noch 1 Code ist übrig.
   *[other] Erstellt { $added }; noch { $count } Codes sind übrig.
 }
make-new-ones-now = Erstellen Sie jetzt neue.
have-you-lost-both = Haben Sie alles verloren, wonach hier gefragt wird?
remove-what-you-have-lost = Entfernen, was Sie verloren haben
back-to-second-step = Zurück zum zweiten Schritt
lost-factors = Alle zweiten Faktoren verloren
lost-ask-operator = Bitten Sie den, der <span class="name">{ $brand }</span> betreibt, Ihren Authenticator, Ihre Passkeys, Ihre Sicherheitsschlüssel und Ihre Wiederherstellungscodes von Ihrem Konto zu entfernen.
lost-what-happens = Ihr Authenticator, Ihre Passkeys, Ihre Sicherheitsschlüssel und Ihre Wiederherstellungscodes können nach { $hours ->
    [one] einer Stunde
   *[other] { $hours } Stunden
} entfernt werden. Zuerst geht eine E-Mail an die Adresse Ihres Kontos. Wenn Sie den Link darin geöffnet haben, beginnt die Zeit zu laufen.
lost-who-is-told = Währenddessen bekommt jede Adresse Ihres Kontos eine Nachricht und jeder, der daran angemeldet ist. Jeder davon kann es anhalten. Wenn Sie etwas davon wiederfinden, verwenden Sie es: Auch das beendet die Wartezeit.
lost-read-your-mail = Eine E-Mail ist unterwegs an die Adresse Ihres Kontos. Ihr Link gilt eine Stunde. Öffnen Sie ihn, dann { $hours ->
    [one] beginnt die Stunde
   *[other] beginnen die { $hours } Stunden
} zu laufen.
lost-wait-until = Sie haben darum gebeten, Ihre zweiten Faktoren zu entfernen. Das geht ab { $at }.
lost-then-come-back = Kommen Sie dann wieder: Melden Sie sich an wie gerade eben, und wählen Sie hier, sie zu entfernen.
lost-remove-until = Die Wartezeit ist vorbei. Bis { $at } können Sie den Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes Ihres Kontos entfernen. Alles wird abgemeldet, und Anwendungen verlieren ihren Zugriff.
somebody-asks-to-remove-factors = Jemand gibt an, Ihren Authenticator, Ihre Passkeys, Ihre Sicherheitsschlüssel und Ihre Wiederherstellungscodes verloren zu haben, und kann sie ab { $at } entfernen. Wenn Sie das nicht sind, halten Sie es an, und wählen Sie ein neues Passwort.
few-recovery-codes-left = { $count ->
    [0] Kein Wiederherstellungscode ist mehr übrig.
    [one] Noch 1 Wiederherstellungscode ist übrig.
   *[other] Noch { $count } Wiederherstellungscodes sind übrig.
 }
new-codes-end-the-old = Haben Sie sie nicht zur Hand? Sie erhalten { $count } neue Codes, und die bisherigen gelten nicht mehr.
make-new-codes = Neue Codes erstellen
former-codes-end = Die bisherigen Codes gelten damit nicht mehr.
your-recovery-codes = Ihre Wiederherstellungs­codes
keep-the-codes-now = Heben Sie sie jetzt auf: Sie werden nicht noch einmal gezeigt.
each-code-works-once = Jeder Code gilt einmal, an Stelle Ihres Authenticators, Passkeys oder Sicherheitsschlüssels.
save-as-a-file = Als Datei sichern
or-print-this-page = Oder drucken Sie diese Seite und heben Sie sie bei anderen Papieren auf.
i-have-kept-them = Ich habe sie aufgehoben
by-code = mit einem Code aus dem Authenticator
by-recovery-code = mit einem Wiederherstellungscode
mail-authenticator-added = Ihr Konto hat einen neuen Authenticator: { $brand }
mail-authenticator-added-lead = Für Ihr Konto bei { $brand } wurde eine Authenticator-App eingerichtet. Von nun an werden ihre Codes verlangt, wenn sich jemand anmeldet.
mail-authenticator-removed = Ihr Authenticator wurde entfernt: { $brand }
mail-authenticator-removed-lead = Ihr Konto bei { $brand } hat keinen Authenticator mehr, also werden seine Codes nicht verlangt. Wiederherstellungscodes enden mit dem letzten zweiten Faktor.
mail-recovery-codes-made = Sie haben neue Wiederherstellungscodes: { $brand }
mail-recovery-codes-made-lead = Für Ihr Konto bei { $brand } wurden neue Wiederherstellungscodes erstellt. Die bisherigen gelten nicht mehr.
mail-recovery-code-used = Ein Wiederherstellungscode wurde verwendet: { $brand }
mail-recovery-code-used-lead = Jemand hat sich bei Ihrem Konto bei { $brand } mit einem Ihrer Wiederherstellungscodes angemeldet, an Stelle Ihres Authenticators, Passkeys oder Sicherheitsschlüssels.
mail-reset-factors = Ihre zweiten Faktoren: { $brand }
mail-reset-factors-lead = Jemand, der sich an Ihrem Konto bei { $brand } bis zum zweiten Schritt angemeldet hat, gibt an, den Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes verloren zu haben. Wenn Sie das waren, bestätigen Sie es hier. Dann beginnt eine Wartezeit, nach der sie entfernt werden können.
mail-reset-factors-advice = Wenn Sie das nicht waren, öffnen Sie den Link nicht: Ohne ihn geschieht nichts. Aber jemand kann sich bis zum zweiten Schritt als Sie anmelden; wählen Sie also ein neues Passwort.
mail-factor-reset-began = Ihre zweiten Faktoren sollen entfernt werden: { $brand }
mail-factor-reset-began-lead = Jemand gibt an, den Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes Ihres Kontos bei { $brand } verloren zu haben, und hat das per E-Mail bestätigt. Ab { $at } kann sie entfernen, wer sich als Sie anmeldet.
mail-factor-reset-stop = Wenn Sie das nicht waren, halten Sie es an:
mail-factor-reset-action = Anhalten
mail-factor-reset-began-advice = Wenn Sie das waren, ist bis dahin nichts zu tun. Wenn Sie das nicht waren, wählen Sie außerdem ein neues Passwort, und prüfen Sie, wer Ihre E-Mails lesen kann.
mail-factor-reset-ended = Ihre zweiten Faktoren bleiben: { $brand }
mail-factor-reset-ended-lead = Die Bitte, den Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes Ihres Kontos bei { $brand } zu entfernen, ist beendet. Nichts wurde entfernt.
mail-factor-reset-ended-advice = Wenn Sie die Bitte nicht gestellt haben, kann sich jemand bis zum zweiten Schritt als Sie anmelden: Wählen Sie ein neues Passwort, und sehen Sie dort die Anmeldungen und den Verlauf durch.
mail-lost-factors-removed = Ihre zweiten Faktoren wurden entfernt: { $brand }
mail-lost-factors-removed-lead = Wie vor einiger Zeit erbeten, wurden der Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes Ihres Kontos bei { $brand } entfernt. Alles wurde abgemeldet. Richten Sie sie wieder ein.
mail-factors-reset = Ihre zweiten Faktoren wurden entfernt: { $brand }
mail-factors-reset-lead = Wer { $brand } betreibt, hat den Authenticator, die Passkeys, die Sicherheitsschlüssel und die Wiederherstellungscodes Ihres Kontos entfernt, wie es für jemanden geschieht, der sie verloren hat. Alles wurde abgemeldet. Melden Sie sich mit dem an, was Sie haben, und richten Sie sie wieder ein.
history-authenticator-added = Sie haben einen Authenticator eingerichtet.
history-authenticator-imported = Ihr Authenticator kam von einem anderen Server mit.
history-authenticator-replaced = Sie haben einen anderen Authenticator an Stelle des bisherigen eingerichtet.
history-authenticator-removed = Ihr Authenticator wurde entfernt.
history-recovery-codes-made = Sie haben Wiederherstellungscodes erstellt.
history-recovery-code-used = Ein Wiederherstellungscode wurde verwendet.
history-lost-factors-removed = Ihre zweiten Faktoren wurden entfernt, wie erbeten.
history-factor-reset-asked = Jemand gab an, Ihre zweiten Faktoren verloren zu haben, und bekam eine E-Mail.
history-factor-reset-began = Die Wartezeit begann, nach der Ihre zweiten Faktoren entfernt werden können.
history-factor-reset-ended = Die Bitte, Ihre zweiten Faktoren zu entfernen, ist beendet.
history-ended-with-recovery-codes = Eine Anmeldung endete, die mit einem Ihrer früheren Wiederherstellungscodes entstanden war.
history-ended-with-second-factors = Ein Browser wurde abgemeldet, als Ihre zweiten Faktoren entfernt wurden.
history-factors-reset = Ihre zweiten Faktoren wurden von dem entfernt, der diese Seite betreibt.
history-ended-by-second-factor = Eine Anmeldung endete, die ohne Ihren zweiten Faktor entstanden war.
WrongSecondFactor = Der Code ist falsch oder wurde schon verwendet. Nehmen Sie den, den Ihre App jetzt zeigt.
WrongRecoveryCode = Der Wiederherstellungscode ist falsch oder wurde schon verwendet.
WrongFirstCode = Das ist nicht der Code dieses Schlüssels. Nehmen Sie den, den Ihre App jetzt zeigt; die Uhr des Geräts muss richtig gehen.
FactorResetNotOpen = Nichts wurde entfernt: Es ist noch nicht so weit, oder Ihre Bitte gibt es nicht mehr.
StaleOffer = Das hat zu lange gedauert, deshalb steht hier ein neuer Schlüssel: Entfernen Sie den bisherigen aus Ihrer App.
LastSecondFactor = Ihr Konto muss einen zweiten Faktor haben: Fügen Sie einen anderen hinzu, bevor Sie den letzten entfernen.

## Passkeys

passkeys = Passkeys
what-a-passkey-is = Ein Passkey meldet Sie mit dem an, womit Sie Ihr Gerät entsperren: mit Finger, Gesicht oder PIN. Sie müssen sich nichts merken, und keine andere Seite kann ihn von Ihnen verlangen.
sign-in-with-a-passkey = Mit einem Passkey anmelden
no-passkey-was-shown = Es wurde kein Passkey gezeigt. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.
no-passkey-was-made = Der Browser hat keinen Passkey angelegt. Das Gerät muss Platz für einen haben und prüfen, dass Sie es sind, mit PIN, Finger oder Gesicht. Versuchen Sie es noch einmal, oder mit einem anderen Gerät.
passkey-is-there-already = Dieses Gerät hat schon einen Passkey für Ihr Konto. Wählen Sie für einen neuen ein anderes Gerät.
passkeys-need-another-browser = Dieser Browser kennt keine Passkeys. Wählen Sie einen anderen Weg oder einen anderen Browser.
only-another-browser-knows-passkeys = Dieser Browser kennt keine Passkeys. Nehmen Sie einen anderen.
passkeys-need-javascript = Passkeys brauchen JavaScript. Schalten Sie es ein, oder wählen Sie einen anderen Weg.
passkeys-only-with-javascript = Passkeys brauchen JavaScript. Schalten Sie es ein, und laden Sie die Seite neu.
add-a-passkey = Passkey hinzufügen
create-account-with-a-passkey = Konto mit einem Passkey anlegen
set-up-a-passkey = Einen Passkey einrichten
sign-in-with-a-touch = Künftig mit einer Berührung anmelden?
passkey-is-offered = Mit einem Passkey melden Sie sich mit dem an, was dieses Gerät entsperrt: Fingerabdruck, Gesicht oder PIN. Es ist nichts einzutippen, und keine andere Seite kann danach fragen.
passkey-offer-hint = Ihr Passwort allein meldet Sie dann nicht mehr an: Neben ihm wird der Passkey verlangt. Für den Tag, an dem er verloren ist, erhalten Sie Wiederherstellungscodes. Passkeys finden Sie jederzeit auf Ihrer Kontoseite.
passkey-is-one-of-two = Alle melden sich hier mit mehr als einem Passwort an. Mit einem Passkey brauchen Sie nichts weiter: Was Ihr Gerät entsperrt, meldet Sie an.
more-than-a-password-is-asked-for = <span class="name">{ $client }</span> verlangt mehr als ein Passwort. Mit einem Passkey brauchen Sie nichts weiter: Was Ihr Gerät entsperrt, meldet Sie an.
more-than-a-password-is-needed = Ihr Konto verlangt mehr als ein Passwort. Mit einem Passkey brauchen Sie nichts weiter: Was Ihr Gerät entsperrt, meldet Sie an.
passkey-is-asked-for = <span class="name">{ $client }</span> verlangt einen Passkey, den keine andere Seite von Ihnen bekommen kann. Richten Sie Ihren ein: Was Ihr Gerät entsperrt, meldet Sie dann an.
passkey-in-its-device-is-asked-for = <span class="name">{ $client }</span> verlangt einen Passkey, der sein Gerät nie verlässt, wofür dessen Hersteller bürgt: etwa einen auf einem Sicherheitsschlüssel. Richten Sie Ihren ein.
passkey-in-its-device-is-needed = Ihr Konto verlangt einen Passkey, der sein Gerät nie verlässt, wofür dessen Hersteller bürgt: etwa einen auf einem Sicherheitsschlüssel. Richten Sie Ihren ein.
passkey-in-its-device-is-to-be-shown = Verlangt wird ein Passkey, der sein Gerät nie verlässt, wofür dessen Hersteller bürgt: etwa der auf Ihrem Sicherheitsschlüssel.
passkey-is-needed = Ihr Konto verlangt einen Passkey, den keine andere Seite von Ihnen bekommen kann. Richten Sie Ihren ein: Was Ihr Gerät entsperrt, meldet Sie dann an.
use-an-authenticator-instead = Stattdessen eine Authenticator-App verwenden
use-a-passkey-instead = Stattdessen einen Passkey verwenden
name-of-the-passkey = Wie Sie ihn nennen
name-of-the-passkey-hint = Damit Sie ihn wiedererkennen, etwa der Name des Geräts.
your-passkeys = Ihre Passkeys
passkey-on-one-device = Er bleibt auf seinem Gerät.
passkey-may-be-copied = Er kann auf Ihre anderen Geräte kopiert werden.
passkey-is-copied = Er ist auch auf Ihren anderen Geräten.
passkey-is-attested = Der Hersteller bürgt für das Gerät.
as-many-passkeys-as-there-can-be = Sie haben so viele, wie es geben kann. Entfernen Sie einen, um einen anderen hinzuzufügen.
remove = Entfernen
remove-the-passkey = Den Passkey { $name } entfernen
rename = Umbenennen
rename-the-key = { $name } umbenennen
save-the-name-of = Den Namen von { $name } speichern
remove-this-passkey = Diesen Passkey entfernen?
that-passkey = Dieser Passkey
passkey-does-not-sign-you-in = <strong class="name">{ $name }</strong> meldet Sie dann nicht mehr an, und was anderswo damit angemeldet wurde, endet.
whoever-has-the-passkey = Wer den Passkey hat und entsperren kann, kommt in Ihr Konto.
your-account-has-the-passkey = Ihr Konto hat den neuen Passkey.
that-passkey-is-removed = Der Passkey ist entfernt.
show-that-it-is-you = Zeigen Sie, dass Sie es sind.
count-of-passkeys = { $count ->
    [one] Sie haben einen.
   *[other] Sie haben { $count }.
 }
by-passkey = mit einem Passkey
mail-passkey-added = Ihr Konto hat einen neuen Passkey: { $brand }
mail-passkey-added-lead = Der Passkey „{ $name }“ wurde Ihrem Konto bei { $brand } hinzugefügt. Von nun an meldet man sich damit an.
mail-passkey-removed = Ein Passkey wurde entfernt: { $brand }
mail-passkey-removed-lead = Der Passkey „{ $name }“ wurde von Ihrem Konto bei { $brand } entfernt. Er meldet niemanden mehr an.
mail-passkey-went-back = Ein Passkey wurde vielleicht kopiert: { $brand }
mail-passkey-went-back-lead = Jemand hat Ihren Passkey „{ $name }“ bei { $brand } so gezeigt, wie es nur eine Kopie von ihm täte. Angemeldet wurde damit niemand.
mail-passkey-went-back-advice = Wenn das Gerät Ihres ist und auf einen früheren Stand zurückgesetzt wurde, entfernen Sie diesen Passkey auf Ihrer Kontoseite und fügen Sie ihn neu hinzu. Wenn nicht, entfernen Sie ihn sofort.
history-passkey-added = Ein Passkey wurde hinzugefügt.
history-passkey-removed = Ein Passkey wurde entfernt.
history-passkey-went-back = Ein Passkey wurde abgewiesen, der eine Kopie sein kann.
history-signed-in-by-passkey = Sie haben sich mit einem Passkey angemeldet.
history-ended-with-authenticator = Eine Anmeldung endete, die mit einem ersetzten oder entfernten Authenticator entstanden war.
history-ended-with-passkey = Eine Anmeldung endete, die mit einem entfernten Passkey entstanden war.
NoPasskeyShown = Ihr Browser hat keinen Passkey gesendet. Dafür braucht er JavaScript: Schalten Sie es ein, oder melden Sie sich auf einem anderen Weg an.
StalePasskeyRequest = Die Seite war zu lange offen oder wurde schon verwendet. Versuchen Sie es noch einmal.
WrongPasskey = Dieser Passkey meldet Sie hier nicht an. Vielleicht wurde er vom Konto entfernt, oder er gehört zu einem anderen.
UnverifiedPasskey = Ihr Gerät hat nicht geprüft, dass Sie es sind. Richten Sie seine Bildschirmsperre oder die PIN Ihres Sicherheitsschlüssels ein, und versuchen Sie es noch einmal.
CopiedPasskey = Dieser Passkey wurde inzwischen anderswo verwendet, wie es eine Kopie von ihm täte, und wurde deshalb abgewiesen. Melden Sie sich auf einem anderen Weg an, und entfernen Sie ihn von Ihrem Konto.
MalformedPasskey = Das ist kein Passkey, der aufbewahrt werden kann. Versuchen Sie es noch einmal, oder mit einem anderen Gerät.
UnattestedPasskey = Für dieses Gerät bürgt kein Hersteller, dem hier vertraut wird, oder was darauf ist, lässt sich kopieren. Nehmen Sie ein anderes, oder fragen Sie, wer diese Seite betreibt, welche angenommen werden.
UnwantedPasskey = Geräte dieser Art werden hier nicht angenommen. Fragen Sie, wer diese Seite betreibt, welche es sind.
PasskeyTaken = Dieses Gerät wurde schon einmal hinzugefügt: Was darauf ist, kann nicht zu zwei Konten gehören.
TooManyPasskeys = Das Konto hat so viele Passkeys und Sicherheitsschlüssel, wie es haben kann: Entfernen Sie einen, den Sie nicht verwenden.

## Sicherheitsschlüssel

security-keys = Sicherheitsschlüssel
what-a-security-key-is = Ein Sicherheitsschlüssel ist ein kleines Gerät, das Sie einstecken oder an Ihr Telefon halten. Nach dem Passwort, oder womit Sie sich sonst anmelden, berühren Sie ihn. Allein öffnet er nichts.
a-security-key = Sicherheitsschlüssel
add-a-security-key = Sicherheitsschlüssel hinzufügen
use-your-security-key = Sicherheitsschlüssel verwenden
no-security-key-was-shown = Es wurde kein Sicherheitsschlüssel gezeigt. Versuchen Sie es noch einmal, oder wählen Sie einen anderen Weg.
no-security-key-was-made = Der Browser hat keinen Sicherheitsschlüssel hinzugefügt. Versuchen Sie es noch einmal, oder mit einem anderen.
security-key-is-there-already = Ihr Konto hat diesen Sicherheitsschlüssel schon, oder einen Passkey darauf.
security-keys-need-another-browser = Dieser Browser kennt keine Sicherheitsschlüssel. Wählen Sie einen anderen Weg oder einen anderen Browser.
security-keys-need-javascript = Sicherheitsschlüssel brauchen JavaScript. Schalten Sie es ein, oder wählen Sie einen anderen Weg.
remove-the-security-key = Den Sicherheitsschlüssel { $name } entfernen
remove-this-security-key = Diesen Sicherheitsschlüssel entfernen?
that-security-key = Dieser Sicherheitsschlüssel
security-key-is-asked-for-no-more = <strong class="name">{ $name }</strong> wird dann nicht mehr verlangt, und was anderswo damit angemeldet wurde, endet.
whoever-has-the-security-key = Wer den Sicherheitsschlüssel hat und dazu das, womit Sie sich anmelden, kommt in Ihr Konto.
your-account-has-the-security-key = Ihr Konto hat den neuen Sicherheitsschlüssel.
that-security-key-is-removed = Der Sicherheitsschlüssel ist entfernt.
by-security-key = mit einem Sicherheitsschlüssel
mail-security-key-added = Ihr Konto hat einen neuen Sicherheitsschlüssel: { $brand }
mail-security-key-added-lead = Der Sicherheitsschlüssel „{ $name }“ wurde Ihrem Konto bei { $brand } hinzugefügt. Von nun an wird er neben dem gezeigt, womit Sie sich anmelden.
mail-security-key-removed = Ein Sicherheitsschlüssel wurde entfernt: { $brand }
mail-security-key-removed-lead = Der Sicherheitsschlüssel „{ $name }“ wurde von Ihrem Konto bei { $brand } entfernt. Er wird nicht mehr verlangt.
mail-security-key-went-back = Ein Sicherheitsschlüssel wurde vielleicht kopiert: { $brand }
mail-security-key-went-back-lead = Jemand, der sich bis zum zweiten Schritt als Sie angemeldet hat, etwa mit dem Passwort, hat Ihren Sicherheitsschlüssel „{ $name }“ bei { $brand } so gezeigt, wie es nur eine Kopie von ihm täte. Angemeldet wurde damit niemand.
mail-security-key-went-back-advice = Wenn Sie den Schlüssel haben und er auf einen früheren Stand zurückgesetzt wurde, entfernen Sie ihn auf Ihrer Kontoseite und fügen Sie ihn neu hinzu. Wenn nicht, entfernen Sie ihn sofort, und wählen Sie ein neues Passwort, wenn Sie eines haben.
history-security-key-added = Ein Sicherheitsschlüssel wurde hinzugefügt.
history-security-key-removed = Ein Sicherheitsschlüssel wurde entfernt.
history-security-key-went-back = Ein Sicherheitsschlüssel wurde abgewiesen, der eine Kopie sein kann.
history-ended-with-security-key = Eine Anmeldung endete, die mit einem entfernten Sicherheitsschlüssel entstanden war.
NoSecurityKeyShown = Ihr Browser hat keinen Sicherheitsschlüssel gesendet. Dafür braucht er JavaScript: Schalten Sie es ein, oder wählen Sie einen anderen Weg.
WrongSecurityKey = Das ist kein Sicherheitsschlüssel dieses Kontos. Vielleicht wurde er entfernt, oder er gehört zu einem anderen.
CopiedSecurityKey = Dieser Sicherheitsschlüssel wurde inzwischen anderswo verwendet, wie es eine Kopie von ihm täte, und wurde deshalb abgewiesen. Wählen Sie einen anderen Weg, und entfernen Sie ihn von Ihrem Konto.
MalformedSecurityKey = Das ist kein Sicherheitsschlüssel, der aufbewahrt werden kann. Versuchen Sie es noch einmal, oder mit einem anderen Gerät.

## Geräte, die behalten werden

keep-this-device = { $count ->
    [one] Auf diesem Gerät 1 Tag lang keinen Code verlangen
   *[other] Auf diesem Gerät { $count } Tage lang keinen Code verlangen
 }
kept-devices = Geräte, auf denen kein Code verlangt wird
what-kept-devices-are = Auf diesen wollten Sie nicht nach einem Code gefragt werden. Ein neues Passwort, ein anderer Authenticator, neue Wiederherstellungscodes, andere Passkeys und andere Sicherheitsschlüssel beenden das auf allen.
kept-since = Gewählt { $since }, gültig bis { $until }.
kept-and-used = Gewählt { $since }, zuletzt benutzt { $used }, gültig bis { $until }.
ask-for-a-code-there = Beenden, dass auf { $device } kein Code verlangt wird
history-device-kept = Sie wollten auf einem Gerät nicht mehr nach einem Code gefragt werden.
history-device-ended = Auf einem Gerät werden Sie wieder nach einem Code gefragt.
