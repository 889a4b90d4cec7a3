"""Documents in one's own account: what waits, what is done, the signed copies."""

from odoo import http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.fields import Domain
from odoo.http import request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from ..models.signature_signer_page import COPY_STATES
from . import responses

ORDERS = {"newest": "id desc", "oldest": "id", "done": "date_signed desc nulls last, id desc"}


class SignaturePortal(CustomerPortal):
    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        signers, user = self._signers(), request.env.user
        if "signature_waiting_count" in counters:
            values["signature_waiting_count"] = signers.search_count(signers._waiting_domain(user))
        if "signature_count" in counters:
            values["signature_count"] = signers.search_count(signers._account_domain(user), limit=1)
        return values

    @http.route(
        ["/my/signatures", "/my/signatures/page/<int:page>"], type="http", auth="user", methods=["GET"], website=True
    )
    def signatures(self, page=1, sortby="newest", filterby="all", search="", **_params):
        signers = self._signers()
        filters = signers._account_filters()
        sortby, filterby = (sortby if sortby in ORDERS else "newest"), (filterby if filterby in filters else "all")
        domain = signers._account_domain(request.env.user) & filters[filterby]
        if search:
            # the database takes no NUL
            domain &= Domain("request_id.name", "ilike", search.replace("\0", ""))
        pager = portal_pager(
            url="/my/signatures",
            total=signers.search_count(domain),
            page=page,
            step=self._items_per_page,
            url_args={"sortby": sortby, "filterby": filterby, "search": search},
        )
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "signatures",
            "default_url": "/my/signatures",
            "signers": signers.search(domain, order=ORDERS[sortby], limit=self._items_per_page, offset=pager["offset"]),
            "pager": pager,
            "sortby": sortby,
            "filterby": filterby,
            "search": search,
            "search_in": "name",
            **self._searchbar(),
        }
        return request.render("signature_workflow.portal_my_signatures", values)

    def _searchbar(self):
        env = request.env
        return {
            "searchbar_sortings": {
                "newest": {"label": env._("Newest")},
                "oldest": {"label": env._("Oldest")},
                "done": {"label": env._("Signed last")},
            },
            "searchbar_filters": {
                "all": {"label": env._("All")},
                "waiting": {"label": env._("Waiting for me")},
                "progress": {"label": env._("In progress")},
                "done": {"label": env._("Completed")},
                "ended": {"label": env._("Declined, expired, cancelled or withdrawn")},
            },
            "searchbar_inputs": {"name": {"input": "name", "label": env._("Search by name")}},
        }

    @http.route("/my/signatures/crm.lead/<int:lead_id>", type="http", auth="user", methods=["GET"], website=True)
    def signatures_of_deal(self, lead_id, **_params):
        """Lead from the address in the mails of a deal to all that one has a part in; the number tells nothing."""
        return request.redirect("/my/signatures")

    @http.route("/my/signatures/<int:signer_id>/open", type="http", auth="user", methods=["POST"], website=True)
    def open_signature(self, signer_id, **_params):
        if request.httprequest.method != "POST":
            # Odoo lets OPTIONS in everywhere, and asks it for no CSRF token
            raise MethodNotAllowed(["POST"])
        signer = self._own_signer(signer_id)
        response = request.redirect(signer._account_link(responses.origin()), code=303, local=False)
        response.headers["Cache-Control"] = "no-store"
        return response

    @http.route("/my/signatures/<int:signer_id>/copy", type="http", auth="user", methods=["GET"], website=True)
    def signed_copy(self, signer_id, **_params):
        signer = self._own_signer(signer_id)
        # whoever has to enter a code does so on the page
        if signer._page_state() not in COPY_STATES:
            raise NotFound()
        return responses.document(signer._document(), download=True)

    def _signers(self):
        # a signer's own part, however little they may read else
        return request.env["signature.signer"].sudo()

    def _own_signer(self, signer_id):
        """Return the part (sudo) of this user that has the id; raises NotFound alike for others' and for none."""
        signers = self._signers()
        signer = signers.search(signers._account_domain(request.env.user) & Domain("id", "=", signer_id))
        if not signer:
            raise NotFound()
        return signer
