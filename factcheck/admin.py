"""The admin's front door, and the parts of other people's apps that it shows.

It has no sign-in of its own: people sign in where sign-in is throttled.
"""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django_celery_beat import admin as timetable

from claims.admin import ViewOnlyAdmin


@never_cache
@login_not_required
def sign_in(request: HttpRequest, extra_context: object = None) -> HttpResponse:
    """Send whoever is not signed in to the desk's sign-in; refuse who is but may not come in.

    :raises PermissionDenied: if they are signed in without the right to see the admin.
    """
    asked = request.GET.get("next", "") or reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(asked)
    if not admin.site.has_permission(request):
        raise PermissionDenied("The admin is for data editors and administrators.")
    return redirect("admin:index")


admin.site.login = sign_in  # type: ignore[method-assign]
admin.site.site_header = "The Desk"
admin.site.site_title = "Fact-checkers' desk"
admin.site.index_title = "Data and people"

# The timetable is written in `celery.py`; here one sees when each task last ran.
for model in (
    timetable.ClockedSchedule,
    timetable.CrontabSchedule,
    timetable.IntervalSchedule,
    timetable.PeriodicTask,
    timetable.SolarSchedule,
):
    admin.site.unregister(model)


@admin.register(timetable.PeriodicTask)
class PeriodicTaskAdmin(ViewOnlyAdmin):
    list_display = ("name", "task", "scheduler", "enabled", "last_run_at", "total_run_count")
    list_select_related = ("interval", "crontab", "solar", "clocked")
    ordering = ("name",)
