"""The rows of the table: name and what is measured. Plain Python, so that the command can refuse a wrong name early."""

ROWS = {
    "place-1": "place an order of 1 line (function, no HTTP), beside bare SQL",
    "place-3": "place an order of 3 lines (function, no HTTP), beside bare SQL",
    "http": "whole checkout over HTTP, 16 buyers, many SKUs, beside a bare Django page",
    "look": "a product and a shelf over HTTP: shown again, not changed, made anew; beside a static string (needs wrk)",
    "lighthouse": "how fast pages are for a phone on a slow line (needs node, chromium and tests/browser's packages)",
    "hot": "one SKU, 16 buyers in processes of their own, beside bare SQL",
    "flash": "10,000 checkouts, 64 buyers, one SKU with 500 on hand and 300 inbound",
    "fill-1000": "fill 1,000 waiting lines, orders and letters written",
    "fill-100000": "fill 100,000 waiting lines while one buyer goes on ordering, beside one UPDATE",
    "arrive": "1,000 units arrive while 10,000, 100,000 and 1,000,000 wait",
    "move-100000": "a supplier's day moves for 100,000 waiting lines, while one buyer goes on ordering",
    "desk": "the pages of the staff desk with 1,000,000 orders, of which 100,000 wait",
    "quote": "quote a listing of 24 variants with 100,000 waiting claims",
}
