from django.urls import path

from shop.web import answering, cart, checkout, crawlers, health, mailbox, orders, pieces, product, records, shelves

urlpatterns = [
    path("", shelves.home, name="home"),
    path("c/<slug:slug>/", shelves.category, name="category"),
    path("products/<slug:slug>/", product.show, name="product"),
    path("cart/", cart.show, name="cart"),
    path("cart/add/", cart.add, name="cart_add"),
    path("cart/lines/<int:line_id>/", cart.change, name="cart_change"),
    path("checkout/", checkout.details, name="checkout"),
    path("checkout/review/", checkout.review, name="review"),
    path("orders/<slug:number>/", orders.show, name="order"),
    path("orders/<slug:number>/placed/", checkout.placed, name="placed"),
    path("orders/<slug:number>/open/<str:token>/", orders.open_link, name="order_open"),
    path("orders/<slug:number>/answer/", answering.answer, name="answer"),
    path("orders/<slug:number>/answer/<str:token>/", orders.open_link, {"page": "answer"}, name="answer_open"),
    path("orders/<slug:number>/cancel/", orders.cancel_order, name="cancel_order"),
    path("orders/<slug:number>/cancel/<int:line_id>/", orders.cancel_line, name="cancel_line"),
    path("orders/<slug:number>/release/", orders.release, name="release"),
    path("orders/<slug:number>/record/", records.of_order, name="record"),
    path("promises/", records.figures, name="figures"),
    path("account/orders/", orders.mine, name="orders"),
    path("mailbox/", mailbox.index, name="mailbox"),
    path("mailbox/<slug:mail_id>/", mailbox.show, name="mail"),
    path("mailbox/<slug:mail_id>/html/", mailbox.html, name="mail_html"),
    path("pieces/", pieces.show, name="pieces"),
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap, name="sitemap"),
    path("sitemap-<slug:section>.xml", crawlers.section, name="sitemap_section"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
]
