"""The front door: which room answers which address."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as people
from django.urls import include, path, reverse_lazy

from factcheck import api
from factcheck.health import health, record_health

urlpatterns = [
    path("", include("reviews.urls")),
    path("", include("claims.urls")),
    path("checks/", include("reviews.public_urls")),
    path("api/v1/", api.addresses()),
    path(
        "sign-in/",
        people.LoginView.as_view(
            template_name="registration/sign_in.html", redirect_authenticated_user=True
        ),
        name="sign-in",
    ),
    path("sign-out/", people.LogoutView.as_view(), name="sign-out"),
    path(
        "password/",
        people.PasswordChangeView.as_view(
            template_name="registration/password.html",
            success_url=reverse_lazy("password-changed"),
        ),
        name="password",
    ),
    path(
        "password/changed/",
        people.PasswordChangeDoneView.as_view(template_name="registration/password_changed.html"),
        name="password-changed",
    ),
    path("health/", health, name="health"),
    path("health/record/", record_health, name="health-record"),
    path("admin/", admin.site.urls),
]
