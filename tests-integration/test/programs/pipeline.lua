-- Sixteen requests in one write.
local requests

function init()
  local one = wrk.format()
  requests = one:rep(16)
end

function request()
  return requests
end
