"""Addresses of the console."""

from __future__ import annotations

from allauth.account import views as account
from django.urls import URLPattern, URLResolver, include, path

from hatobin.console.delivery import letter as delivery_letter
from hatobin.console.delivery import moving
from hatobin.console.delivery import views as delivery
from hatobin.console.emergency import views as emergency
from hatobin.console.entrance import account as own_account
from hatobin.console.entrance import views as entrance
from hatobin.console.gallery import views as gallery
from hatobin.console.home import views as home
from hatobin.console.letters import checking, drafting, result, sending, writing
from hatobin.console.lists import importing
from hatobin.console.lists import views as lists
from hatobin.console.sandbox import views as sandbox
from hatobin.console.settings import domains, pace, road_edit, roads
from hatobin.console.settings import views as settings
from hatobin.console.suppression import views as suppression

_letters = [
    path("", drafting.index, name="letters"),
    path("new/", drafting.new, name="letter-new"),
    path("<uuid:letter_id>/", drafting.open_letter, name="letter"),
    path("<uuid:letter_id>/people/", drafting.people, name="letter-people"),
    path("<uuid:letter_id>/name/", drafting.rename, name="letter-rename"),
    path("<uuid:letter_id>/letter/", writing.write, name="letter-letter"),
    path("<uuid:letter_id>/check/", checking.check, name="letter-check"),
    path("<uuid:letter_id>/preview/", checking.preview, name="letter-preview"),
    path("<uuid:letter_id>/preview.html", checking.preview_html, name="letter-preview-html"),
    path("<uuid:letter_id>/test/", checking.send_test, name="letter-test"),
    path("<uuid:letter_id>/copy/", drafting.duplicate, name="letter-copy"),
    path("<uuid:letter_id>/delete/", drafting.delete, name="letter-delete"),
    path("<uuid:letter_id>/send/", sending.send, name="letter-send"),
    path("<uuid:letter_id>/road/", sending.choose_egress, name="letter-road"),
    path("<uuid:letter_id>/tries/", sending.choose_tries, name="letter-tries"),
    path("<uuid:letter_id>/result/", result.result, name="letter-result"),
    path("<uuid:letter_id>/progress/", result.progress, name="letter-progress"),
    path("<uuid:letter_id>/result.csv", result.csv_file, name="letter-csv"),
    path("<uuid:letter_id>/move/", moving.campaign, name="letter-move"),
    path("<uuid:letter_id>/act/<slug:what>/", sending.act, name="letter-act"),
]

_delivery = [
    path("", delivery.index, name="delivery"),
    path("live/", delivery.live, name="delivery-live"),
    path("way/<uuid:egress_id>/move/", moving.way, name="way-move"),
    path("letter/<int:delivery_id>/", delivery_letter.show, name="delivery-letter"),
    path("letter/<int:delivery_id>/move/", moving.letter, name="delivery-letter-move"),
]

_lists = [
    path("", lists.index, name="lists"),
    path("upload/", importing.upload, name="upload"),
    path("import/<uuid:import_id>/", importing.preview, name="import"),
    path("import/<uuid:import_id>/result/", importing.result, name="import-result"),
    path("import/<uuid:import_id>/cancel/", importing.cancel, name="import-cancel"),
    path("import/<uuid:import_id>/refused.csv", importing.refused_file, name="import-refused"),
    path("person/<int:contact_id>/", lists.person, name="person"),
    path("<uuid:list_id>/", lists.show, name="list"),
    path("<uuid:list_id>/delete/", lists.delete, name="list-delete"),
    path("<uuid:list_id>/add/", lists.add_person, name="person-add"),
    path("<uuid:list_id>/remove/<int:contact_id>/", lists.remove_person, name="person-remove"),
]

_settings = [
    path("", settings.index, name="settings"),
    path("workspace/", settings.workspace, name="settings-workspace"),
    path("sender/", settings.sender, name="settings-sender"),
    path("sender/new/", settings.identity, name="identity-new"),
    path("sender/<uuid:identity_id>/", settings.identity, name="identity"),
    path("sender/<uuid:identity_id>/delete/", settings.delete_identity, name="identity-delete"),
    path("roads/", roads.index, name="settings-roads"),
    path("roads/new/", roads.new, name="road-new"),
    path("roads/new/relay/", road_edit.new_relay, name="relay-new"),
    path("roads/new/direct/", road_edit.new_direct, name="direct-new"),
    path("roads/new/service/<slug:provider>/", road_edit.new_service, name="service-new"),
    path("roads/<uuid:egress_id>/", roads.road, name="road"),
    path("roads/<uuid:egress_id>/test/", roads.test, name="road-test"),
    path("roads/<uuid:egress_id>/delete/", roads.delete, name="road-delete"),
    path("roads/<uuid:egress_id>/default/", roads.make_default, name="road-default"),
    path("pace/", pace.index, name="settings-pace"),
    path("domains/", domains.index, name="settings-domains"),
    path("domains/new/", domains.new, name="domain-new"),
    path("domains/<uuid:domain_id>/", domains.show, name="domain"),
    path("domains/<uuid:domain_id>/check/", domains.check, name="domain-check"),
    path("domains/<uuid:domain_id>/key/", domains.generate, name="domain-key"),
    path("domains/<uuid:domain_id>/import/", domains.bring, name="domain-import"),
    path("domains/<uuid:domain_id>/rotate/", domains.rotate, name="domain-rotate"),
    path("domains/<uuid:domain_id>/bounces/", domains.bounces, name="domain-bounces"),
    path("domains/<uuid:domain_id>/remove/", domains.remove, name="domain-remove"),
    path(
        "domains/<uuid:domain_id>/key/<uuid:dkim_key_id>/activate/",
        domains.activate,
        name="domain-key-activate",
    ),
    path(
        "domains/<uuid:domain_id>/key/<uuid:dkim_key_id>/retire/",
        domains.retire,
        name="domain-key-retire",
    ),
    path("members/", settings.member_list, name="settings-members"),
    path("members/<uuid:member_id>/", settings.change_member, name="member-change"),
    path(
        "members/invitation/<uuid:invitation_id>/",
        settings.withdraw_invitation,
        name="invitation-withdraw",
    ),
    path("api-keys/", settings.api_key_list, name="settings-api-keys"),
    path("api-keys/<uuid:key_id>/revoke/", settings.revoke_api_key, name="api-key-revoke"),
    path("audit-log/", settings.audit_log, name="settings-audit-log"),
    path("switch/", settings.switch_workspace, name="switch-workspace"),
]

_console: list[URLPattern | URLResolver] = [
    path("", home.index, name="home"),
    path("theme/", home.theme, name="theme"),
    path("gallery/", gallery.gallery, name="gallery"),
    path("setup/<str:token>", entrance.set_up, name="setup"),
    path("invitation/<str:token>", entrance.invitation, name="invitation"),
    path("no-workspace/", entrance.no_workspace, name="no-workspace"),
    path("letters/", include(_letters)),
    path("delivery/", include(_delivery)),
    path("lists/", include(_lists)),
    path("emergency/", emergency.index, name="emergency"),
    path("emergency/lift/", emergency.lift, name="emergency-lift"),
    path("sandbox/", sandbox.index, name="sandbox"),
    path("sandbox/clear/", sandbox.clear, name="sandbox-clear"),
    path("sandbox/<int:letter_id>/", sandbox.letter, name="sandbox-letter"),
    path("sandbox/<int:letter_id>/html", sandbox.letter_html, name="sandbox-html"),
    path("sandbox/<int:letter_id>/letter.eml", sandbox.letter_source, name="sandbox-source"),
    path("suppression/", suppression.index, name="suppression"),
    path("suppression/<int:entry_id>/remove/", suppression.remove, name="suppression-remove"),
    path("settings/", include(_settings)),
]

_account = [
    path("sign-in/", own_account.SignIn.as_view(), name="account_login"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/sessions/", own_account.sessions, name="usersessions_list"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
]

urlpatterns = [
    path("", include((_console, "console"))),
    path("", include(_account)),
]
