### The words of Doorward's pages and mails in English: the measure of all other files in this folder, whose name is the tag of their language.
###
### In a template:      {{ page.t("sign-in") }}
### with arguments:     {{ page.t("to-continue-to").with("client", client.name) }}
### a moment:           {{ page.t("last-used").with("at", page.time(line.used_at)) }}     
### a refusal:          {{ page.notice(error) }} of a Notice, {{ page.rule(rejection) }} of a Rejection. English words of rules stand in
###                     src/protocol/rejection/; other languages have them here, under the name of the rule.
### in Rust:            page.t("key").with("name", value) for HTML, .plain() after it for text; without a page, language.say("key").
###
### A message is HTML. It may hold <strong>, <strong class="name">, <span class="name"> and <code>; what people have typed stands in such a
### tag, because its letters may run the other way. Arguments are escaped. In messages for attributes stands no tag, and nowhere a straight ".
### Keys are words in kebab-case that say what is said. One sentence is one message: never put sentences together from parts.
### A word that counts: { $count -> [one] 1 day *[other] { $count } days }.

# The name of the language in itself.
language-name = English

## Everywhere

sign-in = Sign in
sign-out = Sign out
create-account = Create account
create-an-account = Create an account
your-account = Your account
e-mail = E-mail
email-address = E-mail address
password = Password
name = Name
or = or
and = and
continue = Continue
go-on = Go on
# Before the title of a page whose form was not taken.
error-in = Error: { $title }
show = Show
hide = Hide
show-password = Show password
hide-password = Hide password
privacy-policy-of = Privacy policy of <span class="name">{ $client }</span>
terms-of = Terms of <span class="name">{ $client }</span>
to-continue-to = to continue to <strong class="name">{ $client }</strong>
signed-in-as = You are signed in as <strong>{ $person }</strong>.
sign-in-another-way = Sign in another way

just-now = just now
minutes-ago = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
hours-ago = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
days-ago = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}
months-ago = { $count ->
    [one] 1 month ago
   *[other] { $count } months ago
}
years-ago = { $count ->
    [one] 1 year ago
   *[other] { $count } years ago
}
# The end of the words of a rule that are said when it is not known for how long, and what takes its place.
try-again-later = Try again later.
try-again-in-minutes = { $count ->
    [one] Try again in 1 minute.
   *[other] Try again in { $count } minutes.
}
try-again-in-hours = { $count ->
    [one] Try again in 1 hour.
   *[other] Try again in { $count } hours.
}

## Signing in

confirm-that-it-is-you = Confirm that it is you
sign-in-once-more = You are signed in as <strong>{ $person }</strong>. Sign in once more, and it goes on.
sign-in-to-link = Sign in to the account that you have here. Then you can link <strong class="name">{ $provider }</strong> to it.
no-account-yet = No account yet?
create-one = Create one
sign-in-with = Sign in with <span class="name">{ $provider }</span>
last-used-here = Last used

## What cannot go on

request-does-not-work = A request that does not work
client-made-a-mistake = <span class="name">{ $client }</span> made a mistake
application-made-a-mistake = The application made a mistake
client-must-mend-it = <strong class="name">{ $client }</strong> sent you here with a request that cannot be answered. Nothing is wrong on your side, and trying again will not help: whoever runs the application has to mend it.
application-must-mend-it = An application sent you here with a request that cannot be answered. Nothing is wrong on your side, and trying again will not help: whoever runs the application has to mend it.
please-try-again = Please try again
server-cannot-answer = The server cannot answer now. Wait a moment and load the page again.
something-broke = Something broke
server-failed = The server failed. Whoever runs it can find the reason under the number below.
provider-does-not-answer = The provider does not answer
you-are-not-signed-in = You are not signed in
please-wait = Please wait a little
that-did-not-work = That did not work
you-are-done-here = You are done here
that-was-too-long-ago = That was too long ago
this-began-elsewhere = This began elsewhere
this-was-done-before = This was done before
it-is-linked-already = It is linked already
it-is-your-only-way-in = It is your only way in
cookies-are-needed = Cookies are needed
nothing-here = There is nothing here
no-new-accounts = No new accounts
account-is-switched-off = This account is switched off
account-is-leaving = This account is closed
request-number = Request <code>{ $trace }</code>
error-code = Error <code>{ $code }</code>
error-and-request = Error <code>{ $code }</code>, request <code>{ $trace }</code>
start-again-at = Start again at <span class="name">{ $client }</span>
go-to = Go to <span class="name">{ $client }</span>
go-back-to-and-start-again = Go back to <strong class="name">{ $client }</strong> and start again.
go-back-and-start-again = Go back to the application and start again.
for-whoever-runs-the-application = For whoever runs the application
technical-details = Technical details
send-me-a-code = Send me a code
a-code-goes-to = A code by mail, to <strong>{ $address }</strong>, proves it as well.
cannot-tell-when = { $provider } cannot tell when you signed in there, and may let you pass without asking. What counts is that you go there now and come back.

## Agreeing

allow-access = Allow access?
asks-for-access = <span class="name">{ $client }</span> asks for access
if-you-allow-it = If you allow it, this application can:
allowed-before = allowed before
a-name = <strong class="name">{ $name }</strong>
it-uses-on-your-behalf = It uses { $apis } on your behalf.
afterwards-to = Afterwards your browser goes to <strong>{ $destination }</strong>.
any-application-can-claim = Any application on this device can claim to be this one: allow only what you have just started yourself.
allow = Allow
deny = Deny
details = Details
in-words-of-the-protocol = In the words of the protocol, the application asks for { $scopes }.
not-you = Not you?
sign-in-as-someone-else = Sign in as someone else

scope-openid = Recognise you when you come back
scope-profile = See your name and profile
scope-email = See your e-mail address
scope-address = See your postal address
scope-phone = See your phone number
scope-roles = See your roles here
scope-offline-access = Keep this access while you are away
scope-use = Use { $scope }

## On the way

back-to-the-application = Back to the application
one-moment = One moment
goes-on-to = Your browser goes on to <strong>{ $destination }</strong>.
goes-on-by-itself = This goes on by itself.

## Signing out

sign-out-question = Sign out?
asks-to-sign-you-out = <strong class="name">{ $client }</strong> asks to sign you out.
stay-signed-in = Stay signed in
signed-out = Signed out
you-are-signed-out = You are signed out
nobody-is-signed-in = Nobody is signed in to { $brand } in this browser now.
may-still-be-signed-in-there = You came through <strong class="name">{ $provider }</strong> and may still be signed in there: then whoever uses this browser next comes in as you.
sign-out-there-as-well = Sign out there as well, unless the browser is yours alone.
sign-out-of-too = Sign out of <span class="name">{ $provider }</span> too
sign-in-again = Sign in again

## Through a provider

link-your-account-question = Link your { $provider } account?
if-you-link-them = If you link them, whoever signs in to { $provider } as <strong>{ $person }</strong> is signed in to this account. You can unlink them on your account page.
link-them = Link them
not-now = Not now
to-continue-with-your-account = To continue to <strong class="name">{ $client }</strong> with your { $provider } account <strong>{ $person }</strong>
with-your-account = With your { $provider } account <strong>{ $person }</strong>
will-have-the-same-address = Your account here will have the same address.
will-have-the-address = Your account here will have the address <strong>{ $email }</strong>.
have-an-account-here = Have an account here?
# A link that follows the question.
sign-in-to-it-and-link = Sign in to it, then link the two
sign-in-to-it = Sign in to it
may-have-an-account-already = You may have an account already
address-belongs-to-an-account = The address <strong>{ $email }</strong> belongs to an account here that { $provider } does not sign in to yet.
is-it-yours = Is it yours? Sign in to it once as you did before. Then you can link the two, and { $provider } signs you in.
it-is-not-mine = It is not mine
nobody-has-proved-the-address = That the address belongs to that account was never confirmed by anybody who is responsible for the address. { $provider } is, and vouches that it is yours, so you can have it, with a new account. The other one is closed for good, with everything in it.
close-it-and-create-mine = Close it and create mine

## The account

cancel = Cancel
no-address = none
a-key-was-used-again = An application showed, { $at }, a key that had been replaced before. That happens when somebody has copied it, so what it opened was closed. If you see applications or browsers here that you do not know, end them and change your password.
somebody-failed-to-sign-in = Somebody failed { $count } times in a row to sign in as you, the last time { $at }.
strangers-could-not-sign-in-until = Browsers that your account does not know could not sign in until { $until }.
strangers-could-not-sign-in = Browsers that your account does not know could not sign in until you did in one that it knows.
if-that-was-not-you = If that was not you, choose a password that you use nowhere else.
where-you-are-signed-in = Where you are signed in
this-browser = this browser
unknown-browser = Unknown browser
browser-on-system = { $browser } on { $system }
by-password = with the password
by-provider = through a provider
by-mail = by a mail
from-and-used = From { $address }, used { $at }
end = End
end-the-sign-in-of = End the sign-in of { $device }
end-all-others = End all others
applications-with-access = Applications with access
no-applications = None.
since-and-last-used = Allowed { $since }, last used { $used }
end-access = End access
end-access-of = End access of { $client }

that-sign-in-has-ended = That sign-in has ended.
all-others-have-ended = All other sign-ins have ended.
your-account-is-linked = Your { $provider } account is linked: you can sign in with it.
the-account-is-linked = The account is linked.
that-account-is-unlinked = That account does not sign you in any more.
has-no-access-any-more = { $client } has no access any more.
the-application-has-no-access = The application has no access any more.

signed-in-more-than-ten-minutes-ago = You signed in more than ten minutes ago, as <strong>{ $person }</strong>.
code-so-that-it-is-you = Have a code sent to you, so that it is you who does this.
sign-in-so-that-it-is-you = Sign in once more, so that it is you who does this.
type-so-that-it-is-you = Type your password, so that it is you who does this.
type-or-sign-in-so-that-it-is-you = Type your password, or sign in once more with what is linked, so that it is you who does this.
end-this-sign-in = End this sign-in?
that-browser = That browser
browser-will-have-to-sign-in-again = <strong class="name">{ $name }</strong> will have to sign in again.
end-sign-in = End sign-in
end-all-other-sign-ins = End all other sign-ins?
every-other-browser-will-have-to = Every browser but this one will have to sign in again.
link-an-account = Link an account?
whoever-signs-in-to-it = Whoever signs in to it can then sign in as you.
unlink-this-account = Unlink this account?
that-account = That account
unlinked-does-not-sign-you-in = <strong class="name">{ $name }</strong> does not sign you in any more, and what it signed in ends.
end-this-access = End this access?
that-application = That application
can-do-nothing-any-more = <strong class="name">{ $name }</strong> can do nothing on your behalf any more, until you allow it again.
how-you-sign-in = How you sign in
a-mail = By mail
a-mail-to = With a link or a code, to { $email }
with-the-address = With { $email }
change-it = Change it
change-that = Change it: { $what }
as-somebody-there = As { $account }.
added-and-last-used = Added { $added }, last used { $used }
added = Added { $added }
last-used = Last used { $used }
stays-as-your-only-way-in = It stays as long as it is your only way in.
unlink = Unlink
unlink-provider = Unlink { $provider }
link-provider = Link <span class="name">{ $provider }</span>
link-another-account-of = Link another account of <span class="name">{ $provider }</span>

## Mails

mail-when = When
mail-from = From
mail-with = With
mail-code-lead = Or type this code where you were asked for it:
mail-link-lead = If the button does nothing, open this address in your browser:
mail-ending = A program has written this mail; nobody reads answers to it.
mail-good-for-minutes = Both are good for { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}, and once.
mail-see-your-account = See your account
mail-confirm-the-address = Confirm the address
mail-if-it-was-you = If it was you, there is nothing to do.
mail-if-it-was-not-you = If it was not you, somebody else has had access to your account: sign in, choose a new password, and look through the sign-ins and the history there.
mail-somebody-elses-account = If it was not you, do not confirm it: somebody has typed your address into an account of theirs.

mail-registration = Your account at { $brand }
mail-registration-lead = Somebody wants to make an account at { $brand } with this address. If it was you, go on here:
mail-registration-advice = If it was not you, there is nothing to do: without this mail there will be no account.
mail-taken = You have an account at { $brand } already
mail-taken-lead = Somebody wants to use this address for an account at { $brand }, but there is one with it already: yours.
mail-taken-if-you = If it was you, sign in. If the password is forgotten, the sign-in page helps.
mail-taken-if-not-you = If it was not you, there is nothing to do: nobody learns from us that there is an account.
mail-reset = A new password at { $brand }
mail-reset-lead = Somebody asks for a new password of your account at { $brand }. If it was you, choose one here:
mail-reset-action = Choose a password
mail-reset-advice = If it was not you, there is nothing to do: the password stays as it is. Give the code to nobody, whoever asks for it.
mail-sign-in = Sign in to { $brand }
mail-sign-in-lead = Somebody wants to sign in to your account at { $brand } with this mail. If it is you, go on here:
mail-sign-in-first = Nobody has shown yet that this address is theirs. Whoever signs in by this mail is the first: then the password and the linked accounts that the account has now go, and whoever is signed in to it is signed out.
mail-sign-in-advice = If it was not you, there is nothing to do: without this mail nobody comes in so. Give the code to nobody, whoever asks for it.
mail-proof = Confirm that it is you: { $brand }
mail-proof-lead = Somebody who is signed in to your account at { $brand } wants to do something there that only you may. If it is you, go on in the same browser:
mail-proof-advice = If it was not you, somebody else has your account open. Give the code to nobody, whoever asks for it; sign in, and end the sign-ins that you do not know.
mail-verify = Confirm your address at { $brand }
mail-verify-lead = Confirm that this is the address of your account at { $brand }:
mail-change = Your new address at { $brand }
mail-change-lead = Confirm that your account at { $brand } has this address from now on:
mail-changed = Your address at { $brand } was changed
mail-changed-lead = Your account at { $brand } has another address now: { $address }. Mails about it go there from now on.
mail-changed-undo = If it was not you, undo it within { $days ->
    [one] 1 day
   *[other] { $days } days
}. That ends all sign-ins, and asks for a new password:
mail-changed-action = Undo the change
mail-invitation = Your invitation to { $brand }
mail-invitation-lead = You are invited to make an account at { $brand }.
mail-invitation-lead-by-name = { $name }, you are invited to make an account at { $brand }.
mail-invitation-action = Make the account
mail-invitation-note = The invitation is good for { $days ->
    [one] 1 day
   *[other] { $days } days
}, and once.
mail-invitation-advice = If you do not know what this is about, there is nothing to do.
mail-deletion = Your account at { $brand } is being deleted
mail-deletion-lead = As you asked, your account at { $brand } was closed. In { $days ->
    [one] 1 day
   *[other] { $days } days
} everything that names you is deleted for good.
mail-deletion-return = Until then you can come back, and everything is as it was:
mail-deletion-action = Keep the account
mail-deletion-advice = If it was not you, come back, and choose a new password.

mail-unproven = Please confirm your address at { $brand }
mail-unproven-lead = Your account at { $brand } has this address, and nobody has confirmed yet that it is yours. Without that the account is deleted { $days ->
    [one] in a day.
   *[other] in { $days } days.
}
mail-unproven-advice = If you do not know this account, do nothing: it goes by itself.
mail-test = Mail from { $brand } works
mail-test-lead = An operator of { $brand } tries whether mail works. It does: this one has arrived.
mail-test-advice = There is nothing to do.

mail-reused = Somebody may have had access to your account: { $brand }
mail-reused-what = So that the application { $client } need not ask for your password every time, it keeps a key to your account at { $brand }. Such a key is good for one use and is then replaced. One was used a second time.
mail-reused-what-of-some = So that an application need not ask for your password every time, it keeps a key to your account at { $brand }. Such a key is good for one use and is then replaced. One was used a second time.
mail-reused-why = That should never happen. Most likely somebody has copied it, for instance from your device or by a program on it; rarely it is a fault of the application.
mail-reused-ended-all = What we have done already: all your keys are worthless, in every application, and you are signed out everywhere. Whoever had a copy cannot use it any more.
mail-reused-ended-one = What we have done already: all keys of this application are worthless. Whoever had a copy cannot use it any more.
mail-reused-you-can = What you can do: sign in again where you want to be signed in. Look through the sign-ins and the history of your account for what you do not know.
mail-reused-password = Your password was not part of it. But if you think that somebody was at your device, choose a new one.
mail-password-changed = Your password was changed: { $brand }
mail-password-changed-lead = The password of your account at { $brand } was changed.
mail-password-set = Your account has a password now: { $brand }
mail-password-set-lead = From now on one can sign in to your account at { $brand } with a password. It had none before.
mail-password-removed = Your password was removed: { $brand }
mail-password-removed-lead = Your account at { $brand } has no password any more. What was signed in with it has ended.
mail-password-reset = Your password was set anew: { $brand }
mail-password-reset-lead = Your account at { $brand } has a new password. It was set with a mail to this address.
mail-key-made = A new API key: { $brand }
mail-key-made-lead = An API key was made for your account at { $brand }. It begins with { $id }. A script that has it can do what you have allowed the key.
mail-key-leaked = An API key of yours has leaked: { $brand }
mail-key-leaked-lead = Somebody has found the API key that begins with { $id } where others can read it, and reported that to us. It has ended: nobody can use it any more.
mail-key-leaked-advice = Make another key for the script that used it, and keep it where nobody else reads it: not in code, not in a repository. Look on your account page where the key was used.
mail-linked = A new way to sign in: { $brand }
mail-linked-lead = From now on an account at { $provider } can be used to sign in to your account at { $brand }.
mail-unlinked = A way to sign in was removed: { $brand }
mail-unlinked-lead = An account at { $provider } cannot be used any more to sign in to your account at { $brand }.
mail-new-device = A new sign-in: { $brand }
mail-new-device-lead = Somebody has signed in to your account at { $brand } with a device that was not used for it before.
mail-lockout = Many failed attempts to sign in: { $brand }
mail-lockout-lead = Somebody has tried to sign in to your account at { $brand } again and again, and failed. Devices that are not known there have to wait now; yours go on as before.
mail-lockout-advice = Nobody has come in. If the attempts were not yours, there is nothing to do as long as your password is long and used nowhere else.
mail-ended = You were signed out everywhere: { $brand }
mail-ended-lead = All sign-ins to your account at { $brand } were ended, and so was the access of all applications.
mail-moved-on-lead = Your account at { $brand } has another address now. Mails about it go there from now on.
mail-moved-on-advice = If you did not expect that, ask whoever runs { $brand }.
mail-displaced = Your address belongs to another account now: { $brand }
mail-displaced-lead = There was an account at { $brand } with this address that nobody had ever confirmed. Somebody who has shown that the address is theirs has an account with it now, and the old one has none any more.
mail-displaced-advice = If it was you, everything is well. If it was not, somebody reads mail at this address: change the password of your mailbox.
mail-address-lost = Your account was closed: { $brand }
mail-address-lost-lead = Your account at { $brand } had an address that you had never confirmed. Somebody who has shown that the address is theirs has it now. Your account is closed, and everything that was signed in to it is signed out.
mail-address-lost-advice = If the address was yours, somebody reads mail there: change the password of that mailbox. Otherwise there is nothing to do; you can create an account with an address of your own.

what-you-have-allowed = What you have allowed, and may take back at any time.
each-browser-you-signed-in = Each browser in which you signed in, the one used last first. If you do not know one, end it and change your password.
overview = Overview
sign-ins = Sign-ins
applications = Applications
history = History
what-happened = What happened
everything-that-concerned-you = Everything that concerned your account, newest first. If something was not you, end what you do not know and change your password.
nothing-happened = Nothing.
nothing-older = Nothing older.
when-from-where = { $at }, from { $network }
older = Older
newest = Newest

change-password = Change password
change-your-password = Change your password
current-password = Current password
new-password = New password
sign-out-everywhere-else = Sign out everywhere else: all other browsers, and all applications
account-has-no-password = Your account has no password: you sign in to it in another way.
choose-a-password = Choose a password
account-has-no-password-yet = Your account has no password yet. With one you can sign in as <strong>{ $email }</strong> as well.
show-that-it-is-you-first = Show once more that it is you, and then choose it.
whoever-knows-the-password = Whoever knows the password can then sign in as you.
your-account-has-a-password = Your account has a password: you can sign in with it.
do-without-a-password = Do without a password
you-sign-in-with-what-is-linked = You sign in with the accounts that are linked to yours. What the password has signed in ends.
remove-the-password = Remove the password
remove-your-password = Remove your password?
password-does-not-sign-you-in = It does not sign you in any more, and what it signed in ends.
your-password-is-removed = Your account has no password any more.
your-password-is-changed = Your password is changed.
password-at-least = At least { $count } characters: a few unrelated words.
how-hard-to-guess = How hard the password is to guess
score-of-four = { $score } of 4
score-needed = { $score } of 4, and 3 are needed.

history-signed-in-by-mail = You signed in by a mail.
history-signed-in = You signed in.
history-proved-once-more = You proved once more that it is you.
history-failed = Somebody failed to sign in as you.
history-failed-times = Somebody failed { $count } times to sign in as you.
history-sprayed = Failed attempts to sign in as you came from many networks.
history-locked-out = After failed attempts, sign-in was closed to browsers that your account does not know.
history-signed-out = You signed out.
history-ended-by-you = You ended a sign-in.
history-ended-by-password = A sign-in ended, because your password was changed.
history-ended-with-password = A sign-in ended, because the password that made it was removed.
history-ended-by-another = A sign-in ended, because somebody else signed in in that browser.
history-ended-as-oldest = Your oldest sign-in ended, because there were too many.
history-ended = A sign-in ended.
# The name of the application stands before these three.
history-allowed = You allowed it access.
history-refused = You refused it access.
history-withdrawn = Its access was taken back.
history-code-replayed = A key to your account was used twice. What it had opened was closed.
history-key-reused = A key that had been replaced was used again: somebody may have copied it. What it opened was closed.
history-registered = You made this account.
history-created = This account was made.
history-password-changed = Your password was changed.
history-password-set = You chose the first password of your account.
history-password-removed = You removed your password.
history-changed-by-operator = Whoever runs this server changed your account.
history-changed-by-you = You changed your profile.
history-changed = What is known of you was brought up to date.
history-disabled = Your account was switched off.
history-enabled = Your account was switched on again.
history-deletion-requested = You asked for your account to be deleted.
history-deletion-by-operator = Whoever runs this server asked for your account to be deleted.
history-deletion-withdrawn = Your account was brought back.
history-signed-out-by-operator = Whoever runs this server ended all your sign-ins.
history-unlocked = Whoever runs this server opened your account again.
history-key-made = An API key was made.
history-key-rotated = An API key was replaced by another.
history-key-ended = An API key ended.
history-key-leaked = An API key of yours was reported as leaked, and ended.
history-key-used = An API key was used.
history-linked = An account at a provider was linked: it signs you in.
history-unlinked = An account at a provider was unlinked.

## Your data

your-data = Your data
all-that-is-known-of-you = All that is known of you here, as a file that programs can read: your account, what signs you in, where you are signed in, which applications have access, and what happened.
download-your-data = Download your data
delete-your-account = Delete your account
account-is-closed-at-once = Your account is closed at once, everywhere. { $days ->
    [one] For a day a mail to <strong>{ $address }</strong> brings it back;
   *[other] For { $days } days a mail to <strong>{ $address }</strong> brings it back;
} then everything that names you is deleted.
account-is-closed-and-goes = Your account is closed at once, everywhere. For seven days a mail brings it back; then everything that names you is deleted.
account-goes-at-once = Your account is deleted at once and for good. No mail can reach you, so there is no way back.
what-applications-keep = Applications are told that you have signed out. What they have kept of you stays with them: ask them.
type-this-to-confirm = To confirm, type <strong>{ $word }</strong>
your-account-is-closed = Your account is closed
it-goes-unless-you-come-back = It is deleted at { $at }. Until then the link in the mail that we have sent you brings it back.
your-account-is-deleted = Your account is deleted
nothing-is-left-here = Nothing that names you is left here.
your-account-is-back = Your account is back
your-request-waits = Your request waits
everybody-is-told-until = Every address of your account was told, and whoever is signed in to it sees it. If nobody stops it, sign in again from { $at } on, and choose there to remove what you have lost.
your-factors-stay = Your second factors stay
request-is-stopped = The request is stopped, and nothing was removed. Whoever made it can sign in as you as far as the second step: if it was not you, choose a new password.
everything-is-as-it-was = Everything is as it was, but that you are signed in nowhere. If it was not you who wanted to leave, choose a new password.

## API keys

api-keys = API keys
what-a-key-is = A key is what a script of yours shows to an API in your place. It can do what you tick and nothing else, until it expires or you end it.
make-a-key = Make a key
no-keys = You have no key that can be used.
# Behind it stands when it was used, as a sentence of its own.
key-good-until = Good until { $at }
key-replaced-good-until = Replaced, and good until { $at }
key-replaced = Replaced, over { $at }
key-expired = Expired { $at }
key-ended = Ended { $at }
key-leaked = Found where others could read it, ended { $at }
key-used = Last used { $at }, from { $network }
key-not-used = Not used yet
not-now-for-lack-of-a-role = not now: you lack a role
replace = Replace
replace-the-key = Replace { $name }
end-the-key = End { $name }
keys-that-are-over = Keys that are over
older-keys-are-not-listed = Older keys are not listed.
that-key-has-ended = The key has ended: nobody can use it any more.
whoever-has-the-key = Whoever has a key can do as you what it is for, without signing in.
show-that-it-is-you-before-a-key = Show once more that it is you, and then you have it.
key-for-the-api = A key for <strong class="name">{ $api }</strong>
another-api = Another API
an-api = API
for-which-api = For which API?
no-api-for-you = There is no API that you can have a key for: each demands a role that you do not have.
key-name-hint = What it is for, such as the script and the computer that will have it.
what-the-key-may-do = What the key may do
how-long-the-key-lives = How long it is good
good-until = Good until
for-a-year = A year
for-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
for-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
for-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
make-the-key = Make the key
key-needs-a-name = Give it a name of 1 to { $count } letters, digits and signs.
key-needs-a-scope = Tick at least one.
key-scope-is-not-yours = You cannot have all of that: an API has changed, or a role of yours. Look again at what there is to tick.
key-lives-too-long = A key is good for { $count ->
    [one] a day at most.
   *[other] { $count } days at most.
}
too-many-keys = { $count ->
    [one] You have a key already, and may have no more. End it first.
   *[other] You have { $count } keys already, and may have no more. End one first.
}
replace-this-key = Replace this key?
another-takes-its-place = A new key takes the place of <strong class="name">{ $name }</strong>, for the same and for as long. The former one goes on for a day, so that your script can change over.
key-cannot-be-replaced = <strong class="name">{ $name }</strong> cannot be replaced: it was replaced before, or is over.
your-new-key = Your new key
copy-it-now = Copy the key now. It is shown this once: we keep no copy, and cannot show it again.
keep-the-key-where-only-your-script-reads-it = Keep it where only your script reads it: not in its code, and in no repository. If somebody else sees it, end it here.
former-key-goes-on-until = The former key goes on until { $at }. Put the new one in its place before then.
to-your-keys = To your keys

## The profile

profile = Profile
your-profile = Your profile
what-applications-see-of-you = What applications see of you, once you have allowed one to see your profile. All but the name may stay empty.
your-profile-is-saved = Your profile is saved.
nickname = Nickname
address-of-a-picture = Address of a picture
applications-fetch-the-picture = Applications fetch it from there; this server does not.
website = Website
language = Language
as-the-browser-says = As the browser says
pages-and-mails-speak-it = Our pages and mails are in it.
time-zone = Time zone
time-zone-such-as = Such as Europe/Berlin; the city alone will do.
save = Save
what-others-have-said-of-you = What others have said of you
applications-see-that-as-well = The same applications see that as well. It comes from an account at a provider, or from whoever runs this server.
claim-given-name = Given name
claim-family-name = Family name
claim-middle-name = Middle name
claim-preferred-username = User name
claim-profile = Profile page
claim-gender = Gender
claim-birthdate = Date of birth

## What is proved by mail

forgotten-your-password = Forgotten your password?
forgotten-password = Forgotten password
tell-us-your-address = Tell us the e-mail address of your account. We send you a link and a code with which you can choose a new password.
send-the-mail = Send the mail
sign-in-by-mail = Sign in by mail
we-send-a-link-and-a-code = We send a link and a code to your address. With either you are signed in.
send-me-a-sign-in-mail = Send me a sign-in mail
back-to-sign-in = Back to sign in
look-into-your-mail = Check your mail
mail-if-account = If there is an account with the address <strong>{ $address }</strong>, a mail with a link and a code is on its way to it. It may take a minute.
mail-on-its-way = A mail with a link and a code is on its way to <strong>{ $address }</strong>. It may take a minute.
code-from-the-mail = Code from the mail
code-hint-here = Eight letters. You can also open the link in the mail, in this browser.
send-it-again = have it sent again
code-hint = Eight letters. You can also open the link in the mail, in this browser or on the device where you read it.
no-mail = No mail? Look in your spam folder, or
correct-or-send-again = correct the address or send it again
mail-comes-first = A mail comes to this address first. Then you choose a name and a password.
choose-a-new-password = Choose a new password
all-are-signed-out = All browsers and applications that are signed in now are signed out.
save-and-sign-in = Save and sign in
you-are-invited = You are invited
confirm-your-address = Confirm your address
confirm-your-new-address = Confirm your new address
take-your-account-back = Take your account back
keep-your-account = Keep your account
confirm = Confirm
take-it-back = Take it back
keep-it = Keep it
keep-your-factors = Keep your second factors
begin-the-wait = Begin the wait
stop-it = Stop it
link-register = for <strong>{ $address }</strong>, in this browser. Next you choose a name and a password.
link-invite = to have an account at <strong class="name">{ $brand }</strong> with the address <strong>{ $address }</strong>. Next you choose a password.
link-reset = for the account of <strong>{ $address }</strong>. With the new password, all browsers and applications that are signed in now are signed out.
link-sign-in = as <strong>{ $address }</strong>, in this browser. If you did not ask for this mail, close this page.
link-confirm = Somebody who is signed in here as <strong>{ $address }</strong> wants to do something that only you may. If that is not you, close this page.
link-verify = <strong>{ $address }</strong> is yours, and the account that has it too? If you did not ask for this mail, close this page.
link-change = Your account is to have the address <strong>{ $address }</strong> from now on. If you did not ask for this mail, close this page.
link-undo = Your account gets its former address <strong>{ $address }</strong> again, and everybody is signed out of it. Then you choose a new password.
link-reset-factors = Somebody who has signed in to the account of <strong>{ $address }</strong> as far as its second step says that the authenticator, the passkeys, the security keys and the recovery codes are lost. Go on, and a time of waiting begins after which they can be removed. If that was not you, close this page, and choose a new password.
link-keep-factors = The authenticator, the passkeys, the security keys and the recovery codes of your account at <span class="name">{ $brand }</span> are to be removed. Stop it, and everything stays as it is.
link-return = The account of <strong>{ $address }</strong> is about to be deleted. Keep it, and everything in it stays.
address-proved = proved
address-not-proved = Nobody has shown yet that this address is yours. When that is done, you can choose a new password if you forget yours.
prove-the-address = Prove the address
no-address-yet = Your account has no address. With one you can sign in with a password, and choose a new one when you have forgotten it.
another-address = Another address
an-address = An address
mail-goes-there = A mail goes to the new address. It counts when you have opened it.
mail-goes-there-and-undo = A mail goes to the new address. It takes the place of the other when you have opened it; the former one is told, and can undo it for seven days.
new-address = New e-mail address
send-a-mail-there = Send a mail there
have-an-account = Have an account?
the-address-is-yours = The address is yours.
confirm-this-address = Confirm this address?
that-address = That address
becomes-your-address = <strong class="name">{ $name }</strong> becomes the address of your account: you sign in with it, and mail goes to it.
mail-link-good-for-minutes = The link is good for { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
}, and once.
password-tried-first = It is one of those that are tried first.
password-without-names = Without your own name and address and the name of this site, little is left of it.
password-keys = Keys that stand beside each other are tried early.
password-twice = Saying the same twice adds almost nothing.
password-rows = Rows such as abc or 6543 are tried early.
password-dates = Years and dates are tried early.
password-names = Names are tried early.
password-single-word = A single word is found quickly, whatever is put behind it.
password-common = It is, or begins with, one that very many people use.

## A second factor

second-step = One more step
signing-in-as = You sign in as <span class="name">{ $person }</span>
code-of-your-app = Code from your authenticator app
code-of-your-app-hint = Six digits, new every half minute.
use-a-recovery-code = Use a recovery code instead
recovery-code = Recovery code
recovery-code-hint = One of those that you kept when you set up your second factor. Each works once.
sign-in-as-somebody-else = Sign in as somebody else
authenticator = Authenticator
authenticator-what-it-is = An app on your phone or computer that shows a new code every half minute. With it nobody who learns your password gets into your account.
authenticator-since = Set up { $added }.
authenticator-since-and-last-used = Set up { $added }, last used { $used }.
authenticator-takes-the-place = The new one takes the place of the one that you have.
authenticator-is-needed = Everybody here signs in with an authenticator as well. Set up yours: it takes a minute.
authenticator-is-asked-for = <span class="name">{ $client }</span> asks for an authenticator beside what you sign in with. Set up yours: it takes a minute.
second-step-is-needed = Your account needs a second step. Set up an authenticator app: it takes a minute.
authenticator-get-an-app = Open an authenticator app on your phone or computer. Any will do: the password manager that you have, Aegis, 2FAS, Google Authenticator, Microsoft Authenticator.
authenticator-scan = Add an account there, and scan this picture.
authenticator-type-its-code = Type the code that the app shows then.
authenticator-cannot-scan = You cannot scan it?
authenticator-type-the-key = Type this key into the app:
authenticator-open-in-the-app = Open it in an app on this device
set-up-the-authenticator = Set up the authenticator
set-up-an-authenticator = Set up an authenticator
set-up-another = Set up another in its place
show-that-it-is-you-then-set-it-up = Show once more that it is you, and then set it up.
do-without-an-authenticator = Do without an authenticator
then-the-password-alone = Then its codes are not asked for any more. Recovery codes end with your last second factor.
remove-the-authenticator = Remove the authenticator
remove-your-authenticator = Remove your authenticator?
whoever-has-the-authenticator = You will be asked for its code whenever you sign in.
your-account-has-an-authenticator = Your account has the new authenticator.
your-authenticator-is-removed = Your authenticator is removed.
beside-the-others = Asked for beside all others.
recovery-codes = Recovery codes
recovery-codes-for = Recovery codes for { $brand }
recovery-codes-of = For <span class="name">{ $person }</span>, made { $at }.
recovery-codes-what-they-are = For the day on which your authenticator, passkey or security key is lost: each code lets you in once.
recovery-codes-come-with-an-authenticator = They come with an authenticator, a passkey or a security key.
recovery-codes-left = { $count ->
    [0] None is left of those made { $added }.
    [one] 1 code is left of those made { $added }.
   *[other] { $count } codes are left of those made { $added }.
 }
make-new-ones-now = Make new ones now.
have-you-lost-both = Have you lost all that is asked for here?
remove-what-you-have-lost = Remove what you have lost
back-to-second-step = Back to the second step
lost-factors = All second factors lost
lost-ask-operator = Ask whoever runs <span class="name">{ $brand }</span> to remove your authenticator, your passkeys, your security keys and your recovery codes from your account.
lost-what-happens = Your authenticator, your passkeys, your security keys and your recovery codes can be removed after { $hours ->
    [one] an hour
   *[other] { $hours } hours
}. First a mail goes to the address of your account. When you have opened its link, the time begins to run.
lost-who-is-told = Meanwhile every address of your account is told, and everybody who is signed in to it. Each of them can stop it. If you find one of them, use it: that ends it, too.
lost-read-your-mail = A mail is on its way to the address of your account. Its link is good for an hour. Open it, and the { $hours ->
    [one] hour begins
   *[other] { $hours } hours begin
} to run.
lost-wait-until = You have asked to have your second factors removed. That can be done from { $at } on.
lost-then-come-back = Come back then: sign in as you did just now, and choose here to remove them.
lost-remove-until = The wait is over. Until { $at } you can remove the authenticator, the passkeys, the security keys and the recovery codes of your account. Everything is signed out, and applications lose their access.
somebody-asks-to-remove-factors = Somebody says that your authenticator, your passkeys, your security keys and your recovery codes are lost, and can remove them from { $at } on. If that is not you, stop it, and choose a new password.
few-recovery-codes-left = { $count ->
    [0] No recovery code is left.
    [one] 1 recovery code is left.
   *[other] { $count } recovery codes are left.
 }
new-codes-end-the-old = Do you not have them at hand? You get { $count } new codes, and the former ones end.
make-new-codes = Make new codes
former-codes-end = The former codes end with that.
your-recovery-codes = Your recovery codes
keep-the-codes-now = Keep them now: they are not shown again.
each-code-works-once = Each code works once, in the place of your authenticator, passkey or security key.
save-as-a-file = Save as a file
or-print-this-page = Or print this page, and keep it where you keep other papers.
i-have-kept-them = I have kept them
by-code = with a code from the authenticator
by-recovery-code = with a recovery code
mail-authenticator-added = Your account has a new authenticator: { $brand }
mail-authenticator-added-lead = An authenticator app was set up for your account at { $brand }. From now on its codes are asked for when somebody signs in.
mail-authenticator-removed = Your authenticator was removed: { $brand }
mail-authenticator-removed-lead = Your account at { $brand } has no authenticator any more, so its codes are not asked for. Recovery codes end with the last second factor.
mail-recovery-codes-made = You have new recovery codes: { $brand }
mail-recovery-codes-made-lead = New recovery codes were made for your account at { $brand }. The former ones have ended.
mail-recovery-code-used = A recovery code was used: { $brand }
mail-recovery-code-used-lead = Somebody signed in to your account at { $brand } with one of your recovery codes, in the place of your authenticator, passkey or security key.
mail-reset-factors = Your second factors: { $brand }
mail-reset-factors-lead = Somebody who has signed in to your account at { $brand } as far as its second step says that its authenticator, its passkeys, its security keys and its recovery codes are lost. If it was you, confirm it here. Then a time of waiting begins, after which they can be removed.
mail-reset-factors-advice = If it was not you, do not open the link: nothing happens without it. But somebody can sign in as you as far as the second step, so choose a new password.
mail-factor-reset-began = Your second factors are to be removed: { $brand }
mail-factor-reset-began-lead = Somebody says that the authenticator, the passkeys, the security keys and the recovery codes of your account at { $brand } are lost, and has confirmed it by mail. From { $at } on whoever signs in as you can remove them.
mail-factor-reset-stop = If it was not you, stop it:
mail-factor-reset-action = Stop it
mail-factor-reset-began-advice = If it was you, there is nothing to do until then. If it was not you, choose a new password as well, and see who can read your mail.
mail-factor-reset-ended = Your second factors stay: { $brand }
mail-factor-reset-ended-lead = The request to remove the authenticator, the passkeys, the security keys and the recovery codes of your account at { $brand } has ended. Nothing was removed.
mail-factor-reset-ended-advice = If you did not make the request, somebody can sign in as you as far as the second step: choose a new password, and look through the sign-ins and the history there.
mail-lost-factors-removed = Your second factors were removed: { $brand }
mail-lost-factors-removed-lead = As was asked for some time ago, the authenticator, the passkeys, the security keys and the recovery codes of your account at { $brand } were removed. Everything was signed out. Set them up again.
mail-factors-reset = Your second factors were removed: { $brand }
mail-factors-reset-lead = Whoever runs { $brand } has removed the authenticator, the passkeys, the security keys and the recovery codes of your account, as is done for people who have lost them. Everything was signed out. Sign in with what you have, and set them up again.
history-authenticator-added = You set up an authenticator.
history-authenticator-imported = Your authenticator came along from another server.
history-authenticator-replaced = You set up another authenticator in the place of the former one.
history-authenticator-removed = Your authenticator was removed.
history-recovery-codes-made = You made recovery codes.
history-recovery-code-used = A recovery code was used.
history-lost-factors-removed = Your second factors were removed, as was asked for.
history-factor-reset-asked = Somebody said that your second factors are lost, and was sent a mail.
history-factor-reset-began = The wait began after which your second factors can be removed.
history-factor-reset-ended = The request to remove your second factors ended.
history-ended-with-recovery-codes = A sign-in ended that was made with one of your former recovery codes.
history-ended-with-second-factors = A browser was signed out when your second factors were removed.
history-factors-reset = Your second factors were removed by whoever runs this site.
history-ended-by-second-factor = A sign-in ended that was made without your second factor.

## Passkeys

passkeys = Passkeys
what-a-passkey-is = A passkey signs you in by what unlocks your device: a fingerprint, a face, a PIN. There is nothing to remember, and no other site can ask you for it.
sign-in-with-a-passkey = Sign in with a passkey
no-passkey-was-shown = No passkey was shown. Try again, or choose another way.
no-passkey-was-made = The browser has made no passkey. The device must have room for one, and check that it is you, by a PIN, a finger or a face. Try again, or with another device.
passkey-is-there-already = This device has a passkey for your account already. Choose another device for a new one.
passkeys-need-another-browser = This browser knows no passkeys. Choose another way, or another browser.
only-another-browser-knows-passkeys = This browser knows no passkeys. Use another one.
passkeys-need-javascript = Passkeys need JavaScript. Switch it on, or choose another way.
passkeys-only-with-javascript = Passkeys need JavaScript. Switch it on, and load the page again.
add-a-passkey = Add a passkey
create-account-with-a-passkey = Create account with a passkey
set-up-a-passkey = Set up a passkey
sign-in-with-a-touch = Sign in with a touch from now on?
passkey-is-offered = With a passkey you sign in by what unlocks this device: a fingerprint, a face, a PIN. There is nothing to type, and no other site can ask you for it.
passkey-offer-hint = Your password alone will not sign you in any more then: beside it you are asked for the passkey. You get recovery codes for the day on which it is lost. Passkeys are on your account page at any time.
passkey-is-one-of-two = Everybody here signs in with more than a password. With a passkey you need nothing else: what unlocks your device signs you in.
more-than-a-password-is-asked-for = <span class="name">{ $client }</span> asks for more than a password. With a passkey you need nothing else: what unlocks your device signs you in.
more-than-a-password-is-needed = Your account needs more than a password. With a passkey you need nothing else: what unlocks your device signs you in.
passkey-is-asked-for = <span class="name">{ $client }</span> asks for a passkey, which no other site can get from you. Set up yours: what unlocks your device will sign you in.
passkey-in-its-device-is-asked-for = <span class="name">{ $client }</span> asks for a passkey that never leaves its device, whose maker vouches for it: such as one on a security key. Set up yours.
passkey-in-its-device-is-needed = Your account asks for a passkey that never leaves its device, whose maker vouches for it: such as one on a security key. Set up yours.
passkey-in-its-device-is-to-be-shown = What is asked for is a passkey that never leaves its device, whose maker vouches for it: such as the one on your security key.
passkey-is-needed = Your account asks for a passkey, which no other site can get from you. Set up yours: what unlocks your device will sign you in.
use-an-authenticator-instead = Use an authenticator app instead
use-a-passkey-instead = Use a passkey instead
name-of-the-passkey = What you call it
name-of-the-passkey-hint = So that you know it again, such as the name of the device.
your-passkeys = Your passkeys
passkey-on-one-device = It stays on its device.
passkey-may-be-copied = It can be copied to your other devices.
passkey-is-copied = It is on your other devices too.
passkey-is-attested = The maker vouches for the device.
as-many-passkeys-as-there-can-be = You have as many as there can be. Remove one to add another.
remove = Remove
remove-the-passkey = Remove the passkey { $name }
rename = Rename
rename-the-key = Rename { $name }
save-the-name-of = Save the name of { $name }
remove-this-passkey = Remove this passkey?
that-passkey = That passkey
passkey-does-not-sign-you-in = <strong class="name">{ $name }</strong> will not sign you in any more, and what was signed in with it elsewhere ends.
whoever-has-the-passkey = Whoever has the passkey and can unlock it gets into your account.
your-account-has-the-passkey = Your account has the new passkey.
that-passkey-is-removed = That passkey is removed.
show-that-it-is-you = Show that it is you.
count-of-passkeys = { $count ->
    [one] You have one.
   *[other] You have { $count }.
 }
by-passkey = with a passkey
mail-passkey-added = Your account has a new passkey: { $brand }
mail-passkey-added-lead = The passkey “{ $name }” was added to your account at { $brand }. It signs in to it from now on.
mail-passkey-removed = A passkey was removed: { $brand }
mail-passkey-removed-lead = The passkey “{ $name }” was removed from your account at { $brand }. It signs nobody in any more.
mail-passkey-went-back = A passkey may have been copied: { $brand }
mail-passkey-went-back-lead = Somebody showed your passkey “{ $name }” to { $brand } in a way in which only a copy of it would be. Nobody was signed in by that.
mail-passkey-went-back-advice = If the device is yours and was put back to an earlier state, remove that passkey on your account page and add it anew. If not, remove it at once.
history-passkey-added = A passkey was added.
history-passkey-removed = A passkey was removed.
history-passkey-went-back = A passkey was refused that may be a copy.
history-signed-in-by-passkey = You signed in with a passkey.
history-ended-with-authenticator = A sign-in ended that was made with an authenticator which was replaced or removed.
history-ended-with-passkey = A sign-in ended that was made with a passkey which was removed.

## Security keys

security-keys = Security keys
what-a-security-key-is = A security key is a small device that you plug in or hold to your phone. After your password, or whatever else you sign in with, you touch it. By itself it opens nothing.
a-security-key = Security key
add-a-security-key = Add a security key
use-your-security-key = Use your security key
no-security-key-was-shown = No security key was shown. Try again, or choose another way.
no-security-key-was-made = The browser has added no security key. Try again, or with another one.
security-key-is-there-already = Your account has this security key already, or a passkey on it.
security-keys-need-another-browser = This browser knows no security keys. Choose another way, or another browser.
security-keys-need-javascript = Security keys need JavaScript. Switch it on, or choose another way.
remove-the-security-key = Remove the security key { $name }
remove-this-security-key = Remove this security key?
that-security-key = That security key
security-key-is-asked-for-no-more = <strong class="name">{ $name }</strong> is not asked for any more, and what was signed in with it elsewhere ends.
whoever-has-the-security-key = Whoever has the security key, and what you sign in with, gets into your account.
your-account-has-the-security-key = Your account has the new security key.
that-security-key-is-removed = That security key is removed.
by-security-key = with a security key
mail-security-key-added = Your account has a new security key: { $brand }
mail-security-key-added-lead = The security key “{ $name }” was added to your account at { $brand }. From now on it is shown beside what you sign in with.
mail-security-key-removed = A security key was removed: { $brand }
mail-security-key-removed-lead = The security key “{ $name }” was removed from your account at { $brand }. It is asked for no more.
mail-security-key-went-back = A security key may have been copied: { $brand }
mail-security-key-went-back-lead = Somebody who has signed in as you as far as the second step, with the password for instance, showed your security key “{ $name }” to { $brand } in a way in which only a copy of it would be. Nobody was signed in by that.
mail-security-key-went-back-advice = If you have the key and it was put back to an earlier state, remove it on your account page and add it anew. If not, remove it at once, and choose a new password if you have one.
history-security-key-added = A security key was added.
history-security-key-removed = A security key was removed.
history-security-key-went-back = A security key was refused that may be a copy.
history-ended-with-security-key = A sign-in ended that was made with a security key which was removed.

## Devices that are kept

keep-this-device = { $count ->
    [one] Do not ask for a code on this device for 1 day
   *[other] Do not ask for a code on this device for { $count } days
 }
kept-devices = Devices that are not asked for a code
what-kept-devices-are = On these you chose not to be asked for a code. A new password, another authenticator, new recovery codes, other passkeys and other security keys end that on all of them.
kept-since = Chosen { $since }, good until { $until }.
kept-and-used = Chosen { $since }, last used { $used }, good until { $until }.
ask-for-a-code-there = End that no code is asked for on { $device }
history-device-kept = You chose not to be asked for a code on a device.
history-device-ended = You are asked for a code on a device again.
