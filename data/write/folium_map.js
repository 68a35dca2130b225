(function (map, data, names) {
  "use strict";
  L.Canvas.include({
    _updateDiamond: function (layer) {
      if (!this._drawing || layer._empty()) return;
      var p = layer._point, r = layer._radius * 1.25, c = this._ctx;
      c.beginPath();
      c.moveTo(p.x, p.y - r); c.lineTo(p.x + r, p.y); c.lineTo(p.x, p.y + r); c.lineTo(p.x - r, p.y);
      c.closePath();
      this._fillStroke(c, layer);
    }
  });
  var Diamond = L.CircleMarker.extend({
    _updatePath: function () { this._renderer._updateDiamond(this); }
  });
  function told(text) {
    var node = document.createElement("span");
    node.textContent = text;
    return node;
  }
  var looks = [
    { fillColor: "#f2a03d", color: "#8a4b08", fillOpacity: 0.9 },
    { fillColor: "#0b7a75", stroke: false, fillOpacity: 0.75 }
  ];
  var reference = data.reference || 1;
  function radius(weight) {
    var size = Math.sqrt(weight / reference) * Math.pow(1.35, map.getZoom() - base);
    return Math.max(1.2, Math.min(9, 1.9 * size));
  }
  // a full outline would hide the amber of the smallest dots
  function outline(size) { return Math.min(1.2, size / 4); }
  var wide = window.innerWidth > 900;
  map.fitBounds(data.focus, {
    animate: false,
    paddingTopLeft: wide ? [400, 20] : [10, Math.round(window.innerHeight * 0.46) + 20],
    paddingBottomRight: [20, 40]
  });
  var base = map.getZoom();
  var dots = [0, 1].map(function (served) {
    var group = L.layerGroup();
    data.dots[served].forEach(function (dot) {
      var size = radius(dot[2]);
      var look = L.extend({}, looks[served], { radius: size, weight: outline(size), interactive: false });
      var marker = L.circleMarker([dot[1] / data.scale, dot[0] / data.scale], look);
      marker.people = dot[2];
      group.addLayer(marker);
    });
    return group;
  });
  dots[1].addTo(map);
  dots[0].addTo(map);
  var facilities = L.layerGroup(data.facilities.map(function (place) {
    var look = { radius: 4.5, color: "#ffffff", weight: 1, fillColor: "#0072b2", fillOpacity: 1 };
    var marker = new Diamond([place[1], place[0]], look);
    if (place[2]) marker.bindTooltip(told(place[2]));
    return marker;
  })).addTo(map);
  var labels = L.layerGroup(data.labels.map(function (label) {
    return L.marker([label[1], label[0]], {
      interactive: false, keyboard: false,
      icon: L.divIcon({ className: "q-label", html: told(label[2]), iconSize: [90, 16] })
    });
  })).addTo(map);
  map.on("zoomend", function () {
    dots.forEach(function (group) {
      group.eachLayer(function (marker) {
        var size = radius(marker.people);
        marker.options.weight = outline(size);
        marker.setRadius(size);
      });
    });
  });
  var overlays = {};
  overlays[names.polygon] = data.polygonLayer;
  overlays[names.served] = dots[1];
  overlays[names.unserved] = dots[0];
  overlays[names.facilities] = facilities;
  overlays[names.labels] = labels;
  if (!data.polygonLayer) delete overlays[names.polygon];
  L.control.layers(null, overlays, { collapsed: true, position: "topright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  var mark = L.control({ position: "bottomright" });
  mark.onAdd = function () {
    var node = L.DomUtil.create("div", "q-mark");
    node.textContent = data.mark;
    return node;
  };
  mark.addTo(map);
  var panel = L.control({ position: "topleft" });
  panel.onAdd = function () {
    var node = L.DomUtil.create("div", "q-panel");
    node.innerHTML = data.panel;
    L.DomEvent.disableClickPropagation(node);
    L.DomEvent.disableScrollPropagation(node);
    return node;
  };
  panel.addTo(map);
  map.attributionControl.setPrefix(false);
  if (data.attribution) map.attributionControl.addAttribution(data.attribution);
})
