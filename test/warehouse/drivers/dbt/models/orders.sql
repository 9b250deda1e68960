select
    seq4() as id,
    mod(seq4(), 3) + 1 as customer_id,
    (seq4() * 1.5)::number(10, 2) as amount,
    dateadd(day, seq4(), '2026-01-01'::date) as placed
from table(generator(rowcount => 30))
